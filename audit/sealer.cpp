#include "audit/sealer.hpp"

#include "audit/tile.hpp"
#include "core/event/codec.hpp"

#include <utility>

namespace sealstream {

Result<RecordFacts> read_facts(ByteView record)
{
    SEAL_TRY(event, decode_record(record));
    return RecordFacts{event.draft.id, event.version, event.stream.to_string(), event.draft.salt,
                       event.hash.has_value()};
}

LeafBody body_for(const StoredRecord& stored, const Digest& incarnation)
{
    const WallTime ingested = std::max(stored.ingested, WallTime{});
    const auto facts = read_facts(stored.record);
    if (!facts) {
        return RejectedLeaf{incarnation, stored.position, ingested,
                            commit_record(Salt{}, stored.record)};
    }
    return EventLeaf{incarnation,
                     stored.position,
                     facts->id,
                     commit_stream(facts->salt, facts->stream),
                     facts->version,
                     ingested,
                     commit_record(facts->salt, stored.record)};
}

Sealer::Sealer(const AuditHead& head, std::uint64_t epoch) : head_{head}
{
    head_.epoch = epoch;
}

void Sealer::seal(const LeafBody& body, WallTime now)
{
    const Leaf leaf{head_.tree.size(), head_.last_leaf, std::max(now, head_.last_time), body};
    leaf_.clear();
    append_leaf(leaf_, leaf);
    // Positions ascend from block to block up to a rollback, and again after it: it has a block of
    // its own.
    const bool is_rollback = std::holds_alternative<RollbackLeaf>(body);
    if (is_rollback || open_.count == block_leaves_max ||
        open_.bundle.size() + 2 + leaf_.size() > block_bytes_max) {
        close_block();
    }
    if (open_.count == 0) {
        open_.epoch = head_.epoch;
        open_.first_index = leaf.index;
        open_.prev_leaf = leaf.prev;
        open_.first_position = head_.covered.next();
        open_.bundle.reserve(64 * 1024);
    }
    follow_leaf(head_, leaf);
    ++open_.count;
    open_.last_position = head_.covered;
    append_big_endian(open_.bundle, static_cast<std::uint16_t>(leaf_.size()));
    append(open_.bundle, leaf_);
    pending_bytes_ += leaf_.size();
    ++pending_leaves_;
    pending_events_ += std::holds_alternative<EventLeaf>(body) ? 1U : 0U;
    head_.last_leaf = leaf_hash(leaf_);
    head_.tree.append(head_.last_leaf);
    if (is_rollback) {
        close_block();
    }
}

void Sealer::close_block()
{
    if (open_.count != 0) {
        closed_.push_back(encode_entry(open_));
        open_ = BlockEntry{};
    }
}

SealedBlocks Sealer::take()
{
    close_block();
    pending_bytes_ = 0;
    SealedBlocks blocks;
    blocks.entries = std::exchange(closed_, {});
    blocks.leaves = std::exchange(pending_leaves_, 0);
    blocks.events = std::exchange(pending_events_, 0);
    for (const Bytes& entry : blocks.entries) {
        blocks.bytes += entry.size();
    }
    blocks.tree_size = head_.tree.size();
    blocks.root = head_.tree.root();
    blocks.covered = head_.covered;
    blocks.last_time = head_.last_time;
    return blocks;
}

} // namespace sealstream
