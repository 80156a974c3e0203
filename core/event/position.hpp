#pragma once

// The two places of an event: in the ledger and in its stream. Both count from 1; 0 means "before
// the first". JavaScript loses integers above 2^53, so every JSON we emit carries them as decimal
// strings.

#include "core/base/result.hpp"
#include "core/base/strong.hpp"

#include <string>
#include <string_view>

namespace sealstream {

struct PositionTag;
struct VersionTag;
using Position = Strong<PositionTag>; // place in the ledger: gapless
using Version = Strong<VersionTag>;   // place in its stream: dense

// Decimal digits without sign or leading zero, 0 to 2^63-1 (JetStream and Postgres both hold that).
//   malformed   anything else
[[nodiscard]] Result<std::uint64_t> parse_place(std::string_view text);

} // namespace sealstream
