#include "audit/service/audit_reader.hpp"

#include <algorithm>

namespace sealstream {

namespace {

// Entries in (after, until]; the log may give fewer at once.
Task<Result<std::vector<AuditEntry>>> read_range(AuditLog& log, std::uint64_t after,
                                                 std::uint64_t until)
{
    std::vector<AuditEntry> range;
    while (after < until) {
        const std::size_t wanted =
            std::min<std::size_t>(audit_read_entries_max, static_cast<std::size_t>(until - after));
        auto page = co_await log.read_from(after, wanted);
        if (!page) {
            co_return page.error();
        }
        if (page->empty()) {
            co_return Error{Errc::corrupt, "the audit stream ends before its end"};
        }
        after = page->back().sequence;
        std::move(page->begin(), page->end(), std::back_inserter(range));
    }
    co_return range;
}

// The newest CHECKPOINT at or below `last`.
Task<Result<std::optional<AuditEntry>>> find_checkpoint(AuditLog& log, std::uint64_t last)
{
    while (last != 0) {
        const std::uint64_t after = last - std::min<std::uint64_t>(last, audit_read_entries_max);
        auto range = co_await read_range(log, after, last);
        if (!range) {
            co_return range.error();
        }
        const auto found =
            std::find_if(range->rbegin(), range->rend(),
                         [](const AuditEntry& entry) { return is_checkpoint_entry(entry.bytes); });
        if (found != range->rend()) {
            co_return std::optional{std::move(*found)};
        }
        last = after;
    }
    co_return std::optional<AuditEntry>{};
}

} // namespace

Task<Result<void>> catch_up(AuditLog& log, std::span<const VerifierKey> keys, AuditHead& head,
                            std::uint64_t until)
{
    while (head.sequence < until) {
        const std::size_t wanted = std::min<std::size_t>(
            audit_read_entries_max, static_cast<std::size_t>(until - head.sequence));
        const auto page = co_await log.read_from(head.sequence, wanted);
        if (!page) {
            co_return page.error();
        }
        if (page->empty()) {
            co_return Error{Errc::corrupt, "the audit stream ends before its end"};
        }
        for (const AuditEntry& entry : *page) {
            if (const auto folded = fold_entry(head, entry.sequence, entry.bytes, keys); !folded) {
                co_return folded.error();
            }
        }
    }
    co_return Result<void>{};
}

Task<Result<AuditHead>> read_newest_checkpoint(AuditLog& log, std::vector<VerifierKey> keys)
{
    const auto last = co_await log.last();
    if (!last) {
        co_return last.error();
    }
    const auto checkpoint = co_await find_checkpoint(log, *last);
    if (!checkpoint) {
        co_return checkpoint.error();
    }
    if (!*checkpoint) {
        co_return AuditHead{};
    }
    const auto entry = decode_entry((*checkpoint)->bytes);
    if (!entry) {
        co_return entry.error();
    }
    co_return head_from_checkpoint((*checkpoint)->sequence, std::get<CheckpointEntry>(*entry),
                                   keys);
}

Task<Result<AuditHead>> read_audit_head(AuditLog& log, std::vector<VerifierKey> keys)
{
    const auto last = co_await log.last();
    if (!last) {
        co_return last.error();
    }
    auto head = co_await read_newest_checkpoint(log, keys);
    if (!head) {
        co_return head.error();
    }
    const auto caught_up = co_await catch_up(log, keys, *head, *last);
    if (!caught_up) {
        co_return caught_up.error();
    }
    co_return head;
}

} // namespace sealstream
