#include "audit/merkle_tree.hpp"

#include "core/base/check.hpp"

#include <bit>

namespace sealstream {

Result<Frontier> Frontier::from(std::uint64_t size, std::span<const Digest> hashes)
{
    if (size > tree_size_max || static_cast<std::size_t>(std::popcount(size)) != hashes.size()) {
        return Error{Errc::malformed, "the number of hashes does not fit the size of the tree"};
    }
    Frontier frontier;
    frontier.size_ = size;
    frontier.hashes_.assign(hashes.begin(), hashes.end());
    return frontier;
}

void Frontier::append(const Digest& leaf)
{
    Digest right = leaf;
    // Each trailing one of the size is a complete subtree as large as what we carry.
    for (std::uint64_t size = size_; (size & 1) != 0; size >>= 1) {
        right = node_hash(hashes_.back(), right);
        hashes_.pop_back();
    }
    hashes_.push_back(right);
    ++size_;
}

Digest Frontier::root() const
{
    if (hashes_.empty()) {
        return empty_root();
    }
    Digest root = hashes_.back();
    for (std::size_t at = hashes_.size() - 1; at-- > 0;) {
        root = node_hash(hashes_[at], root);
    }
    return root;
}

Result<Digest> subtree_root(const NodeSource& nodes, std::uint64_t first, std::uint64_t last)
{
    if (first >= last || last > tree_size_max) {
        return Error{Errc::malformed, "an empty range of leaves"};
    }
    const std::uint64_t count = last - first;
    if (std::has_single_bit(count)) {
        const auto level = static_cast<unsigned>(std::countr_zero(count));
        return nodes.node(level, first >> level);
    }
    const std::uint64_t split = first + std::bit_floor(count);
    SEAL_TRY(left, subtree_root(nodes, first, split));
    SEAL_TRY(right, subtree_root(nodes, split, last));
    return node_hash(left, right);
}

void DenseTree::append(const Digest& leaf)
{
    Digest carried = leaf;
    for (std::size_t level = 0;; ++level) {
        if (level == levels_.size()) {
            levels_.emplace_back();
        }
        auto& nodes = levels_[level];
        nodes.push_back(carried);
        if (nodes.size() % 2 != 0) {
            return;
        }
        carried = node_hash(nodes[nodes.size() - 2], nodes.back());
    }
}

std::uint64_t DenseTree::size() const noexcept
{
    return levels_.empty() ? 0 : levels_.front().size();
}

Digest DenseTree::root_at(std::uint64_t size) const
{
    SEAL_CHECK(size <= this->size(), "the tree has had that size");
    if (size == 0) {
        return empty_root();
    }
    const auto root = subtree_root(*this, 0, size);
    SEAL_CHECK(root.has_value(), "the tree holds every complete node below its size");
    return *root;
}

Result<Digest> DenseTree::node(unsigned level, std::uint64_t index) const
{
    if (level >= levels_.size() || index >= levels_[level].size()) {
        return Error{Errc::not_found, "the tree has no such complete node"};
    }
    return levels_[level][index];
}

} // namespace sealstream
