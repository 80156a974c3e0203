#pragma once

// The packs of one ledger together: what no pack can see alone. Pure.

#include "core/packs/pack.hpp"

#include <span>

namespace sealstream {

using PackSet = std::vector<MountedPack>;

// "/packs/deals", or "" for "/".
//   malformed   it is no path
[[nodiscard]] Result<std::string> parse_prefix(std::string_view text);

// What keeps these packs from a ledger with that codec: two of one name, two that claim a stream
// type, an event type, or a route (mounted as they are), and needs that are not met. A line each;
// empty: nothing.
[[nodiscard]] std::vector<std::string> conflicts_of(const PackSet& packs, CodecKind codec);

// The stream types that the packs want chained, and those that take no append without a condition.
[[nodiscard]] std::vector<std::string> chained_types(const PackSet& packs);
[[nodiscard]] std::vector<std::string> conditional_types(const PackSet& packs);

// Equal for routes that one request could mean: "GET /deals/{}".
[[nodiscard]] std::string route_shape(PackMethod method, std::string_view route);

} // namespace sealstream
