#pragma once

// The leaves of the tree: deterministic CBOR (RFC 8949, 4.2), one spelling each. docs/audit.md has
// the CDDL, tests/vectors/audit the vectors.
//
//   leaf = [ 1, class, index, previous leaf hash, audit time (ns), body ]
//
// The hash chain is a field of the leaf, so the tree commits to it: there is one authority, not two
// that must agree. A leaf never holds a payload.

#include "audit/commitment.hpp"
#include "audit/merkle_hash.hpp"
#include "audit/note_key.hpp"

#include <optional>
#include <variant>

namespace sealstream {

enum class LeafClass : std::uint8_t {
    event = 1,
    heartbeat = 2,
    gap = 3,
    rollback = 4,
    erasure = 5,
    retention = 6,
    key = 7,
    config = 8,
    freeze = 9,
    shard_start = 10,
    rejected = 11,
};

// An event of the log.
struct EventLeaf {
    Digest incarnation{}; // commit_incarnation() of the log
    Position position;
    EventId id;
    Digest stream{}; // commit_stream()
    Version version;
    WallTime ingested; // the log's clock
    Digest record{};   // commit_record()
    friend bool operator==(const EventLeaf&, const EventLeaf&) = default;
};

// Nothing has happened, and the auditor is alive.
struct HeartbeatLeaf {
    Digest incarnation{};
    Position covered; // the last position that a leaf stands for
    friend bool operator==(const HeartbeatLeaf&, const HeartbeatLeaf&) = default;
};

// The log has no records at [first, last], and goes on after them.
struct GapLeaf {
    Digest incarnation{};
    Position first;
    Position last;
    friend bool operator==(const GapLeaf&, const GapLeaf&) = default;
};

enum class RollbackReason : std::uint8_t {
    head_went_back = 1,  // the log ends before what was sealed
    other_log = 2,       // the log was deleted and made again
    record_replaced = 3, // the newest sealed record is another one now
};

// The log is no longer the one that was sealed. Leaves go on with the position after
// `resume_after`.
struct RollbackLeaf {
    RollbackReason reason{RollbackReason::head_went_back};
    Digest old_incarnation{};
    Position old_covered;
    Digest incarnation{};
    Position head;
    Position resume_after;
    friend bool operator==(const RollbackLeaf&, const RollbackLeaf&) = default;
};

// The key that signs from here on. Both keys sign key_statement(), the old one where it is at hand.
struct KeyLeaf {
    VerifierKey key;
    std::optional<VerifierKey> previous;
    Signature signature{};
    std::optional<Signature> previous_signature;
    friend bool operator==(const KeyLeaf&, const KeyLeaf&) = default;
};

// What stands at that position is not a record. It is committed to with a salt of zeros.
struct RejectedLeaf {
    Digest incarnation{};
    Position position;
    WallTime ingested;
    Digest record{};
    friend bool operator==(const RejectedLeaf&, const RejectedLeaf&) = default;
};

using LeafBody =
    std::variant<EventLeaf, HeartbeatLeaf, GapLeaf, RollbackLeaf, KeyLeaf, RejectedLeaf>;

struct Leaf {
    std::uint64_t index{0}; // its place in the tree
    Digest prev{};          // leaf_hash() of the leaf before; zeros at 0
    WallTime time;          // the auditor's clock; never descends; 1970 or later
    LeafBody body;
    friend bool operator==(const Leaf&, const Leaf&) = default;
};

[[nodiscard]] LeafClass class_of(const LeafBody& body) noexcept;

[[nodiscard]] Bytes encode_leaf(const Leaf& leaf);
void append_leaf(Bytes& to, const Leaf& leaf);

// Refuses every second spelling: what it accepts, encode_leaf() writes back byte for byte.
//   malformed     not a leaf
//   unsupported   a class or a format version that this program does not know
[[nodiscard]] Result<Leaf> decode_leaf(ByteView bytes);

// What the keys of a KeyLeaf sign. Its first line keeps it from being a checkpoint.
[[nodiscard]] std::string key_statement(const KeyLeaf& leaf);

//   bad_signature   a signature in the leaf does not verify
[[nodiscard]] Result<void> verify_key_leaf(const KeyLeaf& leaf);

} // namespace sealstream
