#include "audit/inclusion.hpp"

#include <algorithm>
#include <bit>

namespace sealstream {

Result<std::vector<Digest>> inclusion_proof(const NodeSource& nodes, std::uint64_t index,
                                            std::uint64_t size)
{
    if (index >= size || size > tree_size_max) {
        return Error{Errc::malformed, "leaf index outside the tree"};
    }
    std::vector<Digest> path;
    std::uint64_t first = 0;
    std::uint64_t last = size;
    while (last - first > 1) {
        const std::uint64_t split = first + std::bit_floor(last - first - 1);
        const bool is_left = index < split;
        SEAL_TRY(sibling,
                 is_left ? subtree_root(nodes, split, last) : subtree_root(nodes, first, split));
        path.push_back(sibling);
        (is_left ? last : first) = split;
    }
    std::reverse(path.begin(), path.end());
    return path;
}

Result<Digest> root_from_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                                   std::span<const Digest> path)
{
    if (index >= size) {
        return Error{Errc::malformed, "leaf index outside the tree"};
    }
    std::uint64_t node = index;    // our subtree's place on the current level
    std::uint64_t last = size - 1; // the rightmost subtree's place on that level
    Digest root = leaf;
    for (const Digest& sibling : path) {
        if (last == 0) {
            return Error{Errc::proof_too_long, {}};
        }
        if ((node & 1) != 0 || node == last) {
            root = node_hash(sibling, root);
            // A lone right edge rises unchanged until it becomes a right child.
            while (node != 0 && (node & 1) == 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            root = node_hash(root, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if (last != 0) {
        return Error{Errc::proof_too_short, {}};
    }
    return root;
}

Result<void> verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                              std::span<const Digest> path, const Digest& root)
{
    SEAL_TRY(reached, root_from_inclusion(leaf, index, size, path));
    if (reached != root) {
        return Error{Errc::corrupt, "the path leads to another root"};
    }
    return {};
}

} // namespace sealstream
