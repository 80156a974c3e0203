#pragma once

// Proof that a leaf is in a tree (RFC 9162, 2.1.3). Making one follows the recursive definition and
// checking one the iterative algorithm, so that the two do not share a mistake.

#include "audit/merkle_tree.hpp"

namespace sealstream {

// The sibling of the leaf first, the child of the root last (RFC 9162, 2.1.3.1).
//   malformed   index is outside the tree
//   not_found   the source lacks a node
[[nodiscard]] Result<std::vector<Digest>> inclusion_proof(const NodeSource& nodes,
                                                          std::uint64_t index, std::uint64_t size);

// Computes the root that `path` leads to from `leaf` at `index` in a tree of `size` leaves.
//
// RFC 9162, 2.1.3.2; its fn, sn, r are our node, last, root.
// The result proves nothing until it equals a root from a verified checkpoint, and `size` must come
// from that same checkpoint: many paths fit trees of several sizes.
//
//   malformed                          index is outside the tree
//   proof_too_short, proof_too_long    the path does not fit the shape of the tree
[[nodiscard]] Result<Digest> root_from_inclusion(const Digest& leaf, std::uint64_t index,
                                                 std::uint64_t size, std::span<const Digest> path);

// The same, compared with the root of a verified checkpoint.
//   corrupt   the path leads to another root
[[nodiscard]] Result<void> verify_inclusion(const Digest& leaf, std::uint64_t index,
                                            std::uint64_t size, std::span<const Digest> path,
                                            const Digest& root);

} // namespace sealstream
