#include "audit/service/leaf_finder.hpp"

#include "audit/tile.hpp"

namespace sealstream {

namespace {

// The position that a leaf stands for, when it is that of a record.
std::optional<Position> position_of(const Leaf& leaf)
{
    if (const auto* event = std::get_if<EventLeaf>(&leaf.body)) {
        return event->position;
    }
    if (const auto* rejected = std::get_if<RejectedLeaf>(&leaf.body)) {
        return rejected->position;
    }
    return std::nullopt;
}

} // namespace

Task<Result<void>> LeafFinder::open()
{
    if (!last_) {
        const auto last = co_await log_.last();
        if (!last) {
            co_return last.error();
        }
        last_ = *last;
    }
    co_return Result<void>{};
}

// The first block that is no EPOCH or CHECKPOINT, from `sequence` on.
Task<Result<LeafFinder::Range>> LeafFinder::block_at_or_after(std::uint64_t sequence)
{
    const auto known = ranges_.find(sequence);
    if (known != ranges_.end()) {
        co_return known->second;
    }
    Range range;
    for (std::uint64_t at = sequence; at <= *last_ && range.sequence == 0; ++at) {
        const auto page = co_await log_.read_from(at - 1, 1);
        if (!page) {
            co_return page.error();
        }
        const auto entry = page->empty()
                               ? Result<Entry>{Error{Errc::corrupt, "an entry is missing"}}
                               : decode_entry(page->front().bytes);
        if (!entry) {
            co_return Error{Errc::corrupt,
                            "audit entry " + std::to_string(at) + ": " + entry.error().context};
        }
        if (const auto* block = std::get_if<BlockEntry>(&*entry)) {
            range = {at, block->first_position, block->last_position};
        }
    }
    if (ranges_.size() < finder_ranges_max) {
        ranges_.emplace(sequence, range);
    }
    co_return range;
}

// The last block that begins at or before `position`; 0 when there is none.
Task<Result<std::uint64_t>> LeafFinder::bisect(Position position)
{
    std::uint64_t low = 1; // every block before it begins at or before the position
    std::uint64_t high = *last_ + 1;
    std::uint64_t found = 0;
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        const auto range = co_await block_at_or_after(middle);
        if (!range) {
            co_return range.error();
        }
        if (range->sequence == 0 || range->sequence >= high || range->first > position) {
            high = middle;
        } else {
            found = range->sequence;
            low = range->sequence + 1;
        }
    }
    co_return found;
}

Task<Result<std::optional<Leaf>>> LeafFinder::leaf_in(std::uint64_t sequence, Position position)
{
    if (block_sequence_ != sequence) {
        const auto page = co_await log_.read_from(sequence - 1, 1);
        if (!page) {
            co_return page.error();
        }
        auto entry = page->empty() ? Result<Entry>{Error{Errc::corrupt, "an entry is missing"}}
                                   : decode_entry(page->front().bytes);
        if (!entry || !std::holds_alternative<BlockEntry>(*entry)) {
            co_return Error{Errc::corrupt, "audit entry " + std::to_string(sequence) +
                                               " is not the block that it was"};
        }
        block_ = std::get<BlockEntry>(*std::move(entry));
        block_sequence_ = sequence;
    }
    const auto leaves = split_bundle(block_->bundle);
    if (!leaves) {
        co_return leaves.error();
    }
    std::optional<Leaf> found;
    for (const ByteView bytes : *leaves) {
        auto leaf = decode_leaf(bytes);
        if (!leaf) {
            co_return Error{Errc::corrupt, "a leaf of audit entry " + std::to_string(sequence) +
                                               ": " + leaf.error().context};
        }
        if (position_of(*leaf) == position) {
            found = *std::move(leaf);
        }
    }
    co_return found;
}

Task<Result<std::optional<Leaf>>> LeafFinder::find(Position position)
{
    const auto opened = co_await open();
    if (!opened) {
        co_return opened.error();
    }
    const auto sequence = co_await bisect(position);
    if (!sequence) {
        co_return sequence.error();
    }
    if (*sequence == 0) {
        co_return std::optional<Leaf>{};
    }
    co_return co_await leaf_in(*sequence, position);
}

} // namespace sealstream
