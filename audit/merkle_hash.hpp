#pragma once

// The two hashes of the tree (RFC 6962, 2.1; the same in RFC 9162, 2.1.1). The first byte keeps a
// leaf from ever being taken for an inner node.

#include "core/base/result.hpp"
#include "core/event/digest.hpp"

namespace sealstream {

// Places and sizes stay below 2^63, so that no language's signed integer overflows on them.
inline constexpr std::uint64_t tree_size_max = (std::uint64_t{1} << 63) - 1;

// SHA-256( 00 || leaf )
[[nodiscard]] Digest leaf_hash(ByteView leaf);

// SHA-256( 01 || left || right )
[[nodiscard]] Digest node_hash(const Digest& left, const Digest& right);

// The root of the tree without leaves: SHA-256 of nothing.
[[nodiscard]] const Digest& empty_root();

//   malformed   not 32 bytes
[[nodiscard]] Result<Digest> digest_from(ByteView bytes);

} // namespace sealstream
