#include "postgres/postgres_feed.hpp"

#include "core/async/backoff.hpp"

namespace sealstream {

namespace {

using std::chrono::steady_clock;

struct Page {
    std::vector<StoredRecord> records;
    LedgerHead head;
};

// Records first, head second: when the last record is the head, nothing newer was there.
Result<Page> read_page(Connection& connection, const std::string& ledger_id, Position after,
                       std::size_t events_max)
{
    ReadLimits limits;
    limits.events_max = events_max;
    SEAL_TRY(records, read_records(connection, ledger_id, after, limits));
    SEAL_TRY(head, read_head(connection, ledger_id));
    return Page{std::move(records), std::move(head)};
}

} // namespace

Task<Result<FeedBatch>> PostgresFeed::read(std::size_t events_max)
{
    auto job = [&ledger_id = context_.ledger.ledger_id, after = after_,
                events_max](Connection& connection) {
        return read_page(connection, ledger_id, after, events_max);
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
    const Position reached = page.records.empty() ? after_ : page.records.back().position;
    batch.is_caught_up = reached == page.head.head;
    batch.records = std::move(page.records);
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
                if (!batch->records.empty()) {
                    after_ = batch->records.back().position;
                }
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
