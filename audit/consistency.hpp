#pragma once

// Proof that a tree is an extension of a smaller one (RFC 9162, 2.1.4).

#include "audit/merkle_tree.hpp"

namespace sealstream {

// From a tree of `old_size` to one of `size` leaves; empty when they are equal.
//   malformed   not 0 < old_size <= size: nothing needs proving about an empty tree
//   not_found   the source lacks a node
[[nodiscard]] Result<std::vector<Digest>>
consistency_proof(const NodeSource& nodes, std::uint64_t old_size, std::uint64_t size);

// RFC 9162, 2.1.4.2; its fn, sn, fr, sr are our node, last, old_reached, reached.
//
//   malformed                          not 0 < old_size <= size
//   proof_too_short, proof_too_long    the path does not fit the two sizes
//   corrupt                            the path does not lead to both roots: a fork
[[nodiscard]] Result<void> verify_consistency(std::uint64_t old_size, const Digest& old_root,
                                              std::uint64_t size, const Digest& root,
                                              std::span<const Digest> path);

} // namespace sealstream
