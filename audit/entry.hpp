#pragma once

// What stands in the audit stream. Every entry begins with its format (1) and its kind; integers
// are big endian, and bytes of varying length come after their length. docs/audit.md has the table.
//
//   EPOCH        a writer has taken over; fences the one before, whose appends name an older
//   sequence BLOCK        up to 256 leaves CHECKPOINT   a signed note over all leaves so far, and
//   what a writer needs to go on from here
//
// Only the note is signed. The rest of a CHECKPOINT is a short cut for resuming, and a verifier
// computes it all.

#include "audit/leaf.hpp"
#include "audit/note.hpp"

#include <variant>
#include <vector>

namespace sealstream {

inline constexpr std::size_t block_leaves_max = 256;
inline constexpr std::size_t block_bytes_max = 128 * 1024; // of leaves with their lengths
inline constexpr std::size_t writer_bytes_max = 255;

struct EpochEntry {
    std::uint64_t epoch{0};     // counts up from 1, by one
    std::string writer;         // who: for operators
    VerifierKey key;            // signs the checkpoints of this epoch
    std::uint64_t tree_size{0}; // what the writer goes on from
    Digest last_leaf{};
    std::uint64_t sequence{0}; // of this very entry
    friend bool operator==(const EpochEntry&, const EpochEntry&) = default;
};

struct BlockEntry {
    std::uint64_t epoch{0};
    std::uint64_t first_index{0};
    std::uint32_t count{0};
    Position first_position; // the positions [first, last] are covered by these leaves; none: last
                             // < first
    Position last_position;
    Digest prev_leaf{}; // hash of the last leaf before this block
    Bytes bundle;       // each leaf after its length in two bytes, as in a tlog entry bundle
    friend bool operator==(const BlockEntry&, const BlockEntry&) = default;
};

struct CheckpointEntry {
    std::uint64_t epoch{0};
    std::string note;             // signed checkpoint
    std::vector<Digest> frontier; // of the tree that the note commits to
    Digest last_leaf{};
    WallTime last_time;   // of that leaf
    Digest incarnation{}; // of the log (zeros before its first leaf)
    Position covered;     // by leaves
    Digest last_record{}; // commitment to the record at `covered`, zeros when there is none
    friend bool operator==(const CheckpointEntry&, const CheckpointEntry&) = default;
};

using Entry = std::variant<EpochEntry, BlockEntry, CheckpointEntry>;

[[nodiscard]] Bytes encode_entry(const Entry& entry);

// Strict: what it accepts, encode_entry() writes back byte for byte. Leaves are cut apart, not
// decoded.
//   malformed     not an entry
//   unsupported   a format or kind that this program does not know
[[nodiscard]] Result<Entry> decode_entry(ByteView bytes);

// Whether it says to be a CHECKPOINT: enough to look for the newest one.
[[nodiscard]] bool is_checkpoint_entry(ByteView bytes) noexcept;

} // namespace sealstream
