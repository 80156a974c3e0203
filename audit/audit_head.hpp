#pragma once

// What an audit stream amounts to up to some entry, and the rules by which the next one may follow.
// The auditor and the signer fold strictly: any deviation is `corrupt`. The verifier uses the same
// rules and goes on.

#include "audit/checkpoint.hpp"
#include "audit/entry.hpp"
#include "audit/finding.hpp"
#include "audit/merkle_tree.hpp"

namespace sealstream {

struct AuditHead {
    std::uint64_t sequence{0}; // of the last entry
    std::uint64_t epoch{0};
    Frontier tree;
    Digest last_leaf{};
    WallTime last_time;
    Digest incarnation{};           // of the log; zeros before the first leaf that names it
    Position covered;               // every position up to here has its leaf
    Digest last_record{};           // commitment to the record at `covered`; zeros when not known
    std::optional<VerifierKey> key; // that signs now
    std::uint64_t checkpoint_sequence{0};
    Checkpoint checkpoint; // the newest one
    std::string checkpoint_note;
};

// What is wrong with `leaf` as the next one, apart from its place in the tree; empty when all is
// well.
[[nodiscard]] std::vector<Finding> check_leaf(const AuditHead& head, const Leaf& leaf);

// Takes the leaf's meaning over, whether or not it was right. The tree and last_leaf are the
// caller's.
void follow_leaf(AuditHead& head, const Leaf& leaf);

// What is wrong with `epoch` as the next entry.
[[nodiscard]] std::optional<Finding> check_epoch(const AuditHead& head, const EpochEntry& epoch,
                                                 std::uint64_t sequence);

// What is wrong with `entry` as a summary of `head` (whose tree it must be), beside its signature.
[[nodiscard]] std::optional<Finding>
check_summary(const AuditHead& head, const CheckpointEntry& entry, const Checkpoint& checkpoint);

// Folds the next entry. After an error `head` must not be used any more.
//   corrupt                       the entry does not follow
//   untrusted_key, bad_signature  a checkpoint that `keys` have not signed
[[nodiscard]] Result<void> fold_entry(AuditHead& head, std::uint64_t sequence, ByteView bytes,
                                      std::span<const VerifierKey> keys);

// The head right after a CHECKPOINT entry. What the note does not cover is taken on trust.
[[nodiscard]] Result<AuditHead> head_from_checkpoint(std::uint64_t sequence,
                                                     const CheckpointEntry& entry,
                                                     std::span<const VerifierKey> keys);

} // namespace sealstream
