#include "postgres/postgres_feed.hpp"

#include "core/async/backoff.hpp"

namespace sealstream {

namespace {

using std::chrono::steady_clock;

struct Page {
    std::vector<StoredRecord> records;
    LedgerHead head;
    Position reached; // nothing else that matches is at or below it
};

// Records first, head second: when the last record is the head, nothing newer was there.
Result<Page> read_page(Connection& connection, const std::string& ledger_id, Position after,
                       std::size_t events_max)
{
    ReadLimits limits;
    limits.events_max = events_max;
    SEAL_TRY(records, read_records(connection, ledger_id, after, limits));
    SEAL_TRY(head, read_head(connection, ledger_id));
    const Position reached = records.empty() ? after : records.back().position;
    return Page{std::move(records), std::move(head), reached};
}

// Head first: what matches up to there is read completely unless a limit cuts the page, so the next
// one may begin after it, however little has matched. One record more than wanted shows the cut.
Result<Page> read_matching_page(Connection& connection, const std::string& ledger_id,
                                Position after, std::size_t events_max, const LogFilter& filter)
{
    SEAL_TRY(head, read_head(connection, ledger_id));
    ReadLimits limits;
    limits.events_max = events_max + 1;
    SEAL_TRY(records, read_matching_records(connection, ledger_id, after, limits, filter));
    std::size_t bytes = 0;
    for (const StoredRecord& record : records) {
        bytes += record.record.size();
    }
    const bool is_cut = records.size() > events_max || bytes >= limits.bytes_max;
    if (is_cut && records.size() > 1) {
        records.pop_back();
    }
    Position reached = records.empty() ? after : records.back().position;
    reached = is_cut ? reached : std::max(reached, head.head);
    return Page{std::move(records), std::move(head), reached};
}

} // namespace

Task<Result<FeedBatch>> PostgresFeed::read(std::size_t events_max)
{
    auto job = [&ledger_id = context_.ledger.ledger_id, after = after_, events_max,
                filter = filter_](Connection& connection) {
        return filter.is_empty()
                   ? read_page(connection, ledger_id, after, events_max)
                   : read_matching_page(connection, ledger_id, after, events_max, filter);
    };
    SEAL_CO_TRY(page, co_await with_connection(context_.threads, context_.pool, std::move(job)));
    if (page.head.incarnation != context_.ledger.incarnation) {
        co_return Error{Errc::corrupt, "the log was replaced by another one"};
    }
    if (page.head.head < after_) {
        co_return Error{Errc::corrupt, "the log has gone back: its head is " +
                                           std::to_string(page.head.head.value) +
                                           ", delivered was " + std::to_string(after_.value)};
    }
    FeedBatch batch;
    batch.is_caught_up = page.reached >= page.head.head;
    batch.records = std::move(page.records);
    after_ = page.reached;
    co_return batch;
}

Task<Result<FeedBatch>> PostgresFeed::next(std::size_t events_max, std::chrono::milliseconds wait)
{
    const auto deadline = steady_clock::now() + wait;
    const auto patience_ends = steady_clock::now() + context_.options.feed_patience;
    Backoff backoff{BackoffOptions{}};
    while (!is_closed_ && !context_.is_closed) {
        auto batch = co_await read(events_max);
        if (is_closed_ || context_.is_closed) {
            break;
        }
        const auto now = steady_clock::now();
        std::chrono::nanoseconds pause = context_.options.poll_interval;
        if (!batch) {
            const bool is_final = !info(batch.error().code).is_retryable || now >= patience_ends;
            if (is_final) {
                co_return batch.error();
            }
            pause = backoff.next();
        } else {
            if (!batch->records.empty() || now >= deadline) {
                co_return batch;
            }
            if (!batch->is_caught_up) {
                continue; // appended between the two statements
            }
            pause = std::min(pause, deadline - now);
        }
        co_await context_.appended.wait_for(pause);
    }
    co_return Error{Errc::shutting_down, "the feed is closed"};
}

void PostgresFeed::close() noexcept
{
    is_closed_ = true;
    context_.appended.notify_all();
}

} // namespace sealstream
