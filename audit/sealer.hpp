#pragma once

// Makes leaves and puts them into blocks: the writing side, without I/O. It keeps a tree of its
// own, which the signer's must equal.

#include "audit/audit_head.hpp"
#include "core/event/event.hpp"

namespace sealstream {

// What the auditor needs from a record.
struct RecordFacts {
    EventId id;
    Version version;
    std::string stream; // type/id
    Salt salt{};
    bool is_chained{false};
};

//   malformed and other input codes   no codec reads the record
[[nodiscard]] Result<RecordFacts> read_facts(ByteView record);

// The body of the leaf for a record: EVENT, or REJECTED where it is none.
[[nodiscard]] LeafBody body_for(const StoredRecord& stored, const Digest& incarnation);

// Blocks that are ready, and the tree with all of their leaves in it.
struct SealedBlocks {
    std::vector<Bytes> entries;
    std::uint64_t leaves{0};
    std::uint64_t events{0};
    std::size_t bytes{0};
    std::uint64_t tree_size{0};
    Digest root{};
    Position covered;
    WallTime last_time;
};

class Sealer {
public:
    // Goes on after `head`, in `epoch`.
    Sealer(const AuditHead& head, std::uint64_t epoch);

    // Adds a leaf; its time is `now`, or that of the leaf before when the clock went back. What it
    // covers must follow: that is the caller's to see to.
    void seal(const LeafBody& body, WallTime now);

    [[nodiscard]] const AuditHead& head() const noexcept { return head_; }
    [[nodiscard]] std::size_t pending_bytes() const noexcept { return pending_bytes_; }
    [[nodiscard]] std::uint64_t pending_leaves() const noexcept { return pending_leaves_; }

    // All that was sealed since the last call; the block that is still open is closed.
    [[nodiscard]] SealedBlocks take();

private:
    void close_block();

    AuditHead head_; // after every leaf that was sealed
    std::vector<Bytes> closed_;
    BlockEntry open_;
    Bytes leaf_;
    std::size_t pending_bytes_{0};
    std::uint64_t pending_leaves_{0};
    std::uint64_t pending_events_{0};
};

} // namespace sealstream
