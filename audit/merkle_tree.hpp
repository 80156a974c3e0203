#pragma once

// The tree of RFC 6962, twice: its right edge, for appending in O(log n) memory, and all of its
// complete nodes, for proofs and tiles.

#include "audit/merkle_hash.hpp"

#include <span>
#include <vector>

namespace sealstream {

// The roots of the complete subtrees that a tree of `size` leaves consists of, largest first: one
// for each bit that is set in `size`.
class Frontier {
public:
    Frontier() = default;

    //   malformed   the number of hashes does not fit the size, or the size is over tree_size_max
    [[nodiscard]] static Result<Frontier> from(std::uint64_t size, std::span<const Digest> hashes);

    void append(const Digest& leaf);
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] Digest root() const;
    [[nodiscard]] std::span<const Digest> hashes() const noexcept { return hashes_; }

    friend bool operator==(const Frontier&, const Frontier&) = default;

private:
    std::uint64_t size_{0};
    std::vector<Digest> hashes_;
};

// Where proofs and tiles get complete nodes from: node `index` of `level` is the root of the leaves
// [index * 2^level, (index + 1) * 2^level).
class NodeSource {
public:
    virtual ~NodeSource() = default;

    //   not_found   the source does not hold that node
    [[nodiscard]] virtual Result<Digest> node(unsigned level, std::uint64_t index) const = 0;
};

// Root of the leaves [first, last), where first is a multiple of the largest power of two that the
// range holds: what every subtree in a proof is. Empty ranges are `malformed`.
[[nodiscard]] Result<Digest> subtree_root(const NodeSource& nodes, std::uint64_t first,
                                          std::uint64_t last);

// Every complete node in memory: 64 bytes a leaf.
class DenseTree final : public NodeSource {
public:
    void append(const Digest& leaf);
    [[nodiscard]] std::uint64_t size() const noexcept;
    [[nodiscard]] Digest root() const { return root_at(size()); }

    // The root that the tree had at `size`, which it must have reached.
    [[nodiscard]] Digest root_at(std::uint64_t size) const;
    [[nodiscard]] Result<Digest> node(unsigned level, std::uint64_t index) const override;

private:
    std::vector<std::vector<Digest>> levels_;
};

} // namespace sealstream
