#include "audit/consistency.hpp"

#include <algorithm>
#include <bit>

namespace sealstream {

Result<std::vector<Digest>> consistency_proof(const NodeSource& nodes, std::uint64_t old_size,
                                              std::uint64_t size)
{
    if (old_size == 0 || old_size > size || size > tree_size_max) {
        return Error{Errc::malformed, "no consistency proof goes between these sizes"};
    }
    std::vector<Digest> path;
    std::uint64_t first = 0;
    std::uint64_t last = size;
    // RFC 9162, 2.1.4.1: down to the place where the old tree ends, keeping what lies beside the
    // way.
    while (last != old_size) {
        const std::uint64_t split = first + std::bit_floor(last - first - 1);
        const bool ends_left = old_size <= split;
        SEAL_TRY(beside,
                 ends_left ? subtree_root(nodes, split, last) : subtree_root(nodes, first, split));
        path.push_back(beside);
        (ends_left ? last : first) = split;
    }
    if (first != 0) {
        SEAL_TRY(shared, subtree_root(nodes, first, last));
        path.push_back(shared);
    }
    std::reverse(path.begin(), path.end());
    return path;
}

Result<void> verify_consistency(std::uint64_t old_size, const Digest& old_root, std::uint64_t size,
                                const Digest& root, std::span<const Digest> path)
{
    if (old_size == 0 || old_size > size) {
        return Error{Errc::malformed, "no consistency proof goes between these sizes"};
    }
    if (old_size == size) {
        if (!path.empty()) {
            return Error{Errc::proof_too_long, {}};
        }
        return old_root == root ? Result<void>{}
                                : Error{Errc::corrupt, "two roots of one size: a fork"};
    }
    if (path.empty()) {
        return Error{Errc::proof_too_short, {}};
    }
    // A complete old tree is itself the first hash of the path, and is left out of it.
    const bool is_complete = std::has_single_bit(old_size);
    const Digest& seed = is_complete ? old_root : path.front();
    std::uint64_t node = old_size - 1;
    std::uint64_t last = size - 1;
    while ((node & 1) != 0) {
        node >>= 1;
        last >>= 1;
    }
    Digest old_reached = seed;
    Digest reached = seed;
    for (const Digest& hash : path.subspan(is_complete ? 0U : 1U)) {
        if (last == 0) {
            return Error{Errc::proof_too_long, {}};
        }
        if ((node & 1) != 0 || node == last) {
            old_reached = node_hash(hash, old_reached);
            reached = node_hash(hash, reached);
            while (node != 0 && (node & 1) == 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            reached = node_hash(reached, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    if (last != 0) {
        return Error{Errc::proof_too_short, {}};
    }
    if (old_reached != old_root || reached != root) {
        return Error{Errc::corrupt, "the path does not lead to both roots: a fork"};
    }
    return {};
}

} // namespace sealstream
