#pragma once

// The recursive definition of RFC 6962, 2.1, word for word and as slow as it likes, and the leaves
// that the vectors use.

#include "audit/merkle_tree.hpp"
#include "core/base/check.hpp"
#include "core/base/encoding.hpp"

#include <bit>
#include <vector>

namespace sealstream::testing {

using Hashes = std::vector<Digest>;

inline Digest digest_of_hex(std::string_view hex)
{
    const auto bytes = from_hex(hex);
    SEAL_CHECK(bytes.has_value(), "the test's own hex is right");
    const auto digest = digest_from(*bytes);
    SEAL_CHECK(digest.has_value(), "the test's own digest is right");
    return *digest;
}

// Leaf i is i in eight bytes, big endian.
inline Hashes numbered_leaves(std::uint64_t count)
{
    Hashes leaves;
    for (std::uint64_t number = 0; number < count; ++number) {
        Bytes leaf;
        append_big_endian(leaf, number);
        leaves.push_back(leaf_hash(leaf));
    }
    return leaves;
}

// The eight leaves that everybody in this field tests with.
inline std::vector<Bytes> reference_leaves()
{
    std::vector<Bytes> leaves;
    for (const auto* hex : {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                            "606162636465666768696a6b6c6d6e6f"}) {
        leaves.push_back(*from_hex(hex));
    }
    return leaves;
}

inline DenseTree tree_of(std::span<const Digest> leaves)
{
    DenseTree tree;
    for (const Digest& leaf : leaves) {
        tree.append(leaf);
    }
    return tree;
}

inline DenseTree reference_tree()
{
    DenseTree tree;
    for (const Bytes& leaf : reference_leaves()) {
        tree.append(leaf_hash(leaf));
    }
    return tree;
}

inline Digest spec_root(std::span<const Digest> leaves)
{
    if (leaves.empty()) {
        return sha256({});
    }
    if (leaves.size() == 1) {
        return leaves.front();
    }
    const auto split = std::bit_floor(leaves.size() - 1);
    return node_hash(spec_root(leaves.first(split)), spec_root(leaves.subspan(split)));
}

// RFC 6962, 2.1.1
inline Hashes spec_path(std::size_t index, std::span<const Digest> leaves)
{
    if (leaves.size() == 1) {
        return {};
    }
    const auto split = std::bit_floor(leaves.size() - 1);
    const bool is_left = index < split;
    auto path = is_left ? spec_path(index, leaves.first(split))
                        : spec_path(index - split, leaves.subspan(split));
    path.push_back(spec_root(is_left ? leaves.subspan(split) : leaves.first(split)));
    return path;
}

// RFC 6962, 2.1.2; `is_whole` is its b.
inline Hashes spec_consistency(std::size_t old_size, std::span<const Digest> leaves,
                               bool is_whole = true)
{
    if (old_size == leaves.size()) {
        return is_whole ? Hashes{} : Hashes{spec_root(leaves)};
    }
    const auto split = std::bit_floor(leaves.size() - 1);
    const bool ends_left = old_size <= split;
    auto path = ends_left ? spec_consistency(old_size, leaves.first(split), is_whole)
                          : spec_consistency(old_size - split, leaves.subspan(split), false);
    path.push_back(spec_root(ends_left ? leaves.subspan(split) : leaves.first(split)));
    return path;
}

inline Digest with_bit_flipped(Digest digest)
{
    digest.bytes[17] ^= std::byte{0x10};
    return digest;
}

} // namespace sealstream::testing
