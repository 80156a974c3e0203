// Invariants
//   1. The positions in ring_ are consecutive, and the last one is tail_.
//   2. While has_joined_, every position above tail_ will come through feed_.
//   3. ring_bytes_ is the sum of the ring and at most ring_bytes_max, except for one oversized
//   event.

#include "node/feeds/feed_hub.hpp"

#include "core/base/log.hpp"
#include "node/feeds/event_json.hpp"

namespace sealstream {

const std::string& FeedEvent::json() const
{
    if (json_.empty()) {
        json_ = event_json(stored_);
    }
    return json_;
}

Result<FeedEventPtr> make_feed_event(const StoredRecord& record)
{
    SEAL_TRY(stored, decode_stored(record));
    return FeedEventPtr{std::make_shared<const FeedEvent>(std::move(stored), record.record.size())};
}

FeedHub::FeedHub(boost::asio::any_io_executor executor, EventLog& log, FeedHubOptions options)
    : log_{log},
      options_{options},
      changed_{std::move(executor)}
{
}

void FeedHub::start(TaskGroup& tasks)
{
    tasks.spawn("feed_hub", run());
}

void FeedHub::close() noexcept
{
    is_closed_ = true;
    if (feed_) {
        feed_->close();
    }
    changed_.notify_all();
}

void FeedHub::subscriber_came() noexcept
{
    ++subscribers_;
    changed_.notify_all();
}

void FeedHub::subscriber_went() noexcept
{
    --subscribers_;
    alone_since_ = std::chrono::steady_clock::now();
}

bool FeedHub::covers(Position after) const noexcept
{
    return has_joined_ && after <= tail_ && after.value + ring_.size() >= tail_.value;
}

Task<void> FeedHub::wait(std::chrono::nanoseconds longest)
{
    if (!is_closed_) {
        co_await changed_.wait_for(longest);
    }
}

Task<void> FeedHub::run()
{
    while (!is_closed_ && !fault_) {
        const auto alone = std::chrono::steady_clock::now() - alone_since_;
        if (subscribers_ == 0 && (!has_joined_ || alone >= options_.linger)) {
            leave();
            co_await wait(options_.linger);
            continue;
        }
        bool is_in = has_joined_;
        if (!is_in) {
            is_in = co_await join();
        }
        if (is_in) {
            co_await take_batch();
        }
    }
    leave();
    changed_.notify_all();
}

Task<bool> FeedHub::join()
{
    const auto head = co_await log_.head();
    if (!head) {
        log(Level::warn, "feed.log_away", "feeds", {{"reason", describe(head.error())}});
        co_await wait(options_.patience);
        co_return false;
    }
    if (is_closed_) {
        co_return false;
    }
    feed_ = log_.subscribe_from(*head);
    tail_ = *head;
    has_joined_ = true;
    changed_.notify_all();
    co_return true;
}

Task<void> FeedHub::take_batch()
{
    const auto batch = co_await feed_->next(options_.batch_events_max, options_.patience);
    if (is_closed_) {
        co_return;
    }
    if (batch) {
        const auto added = add(batch->records);
        if (!added) {
            fail(added.error());
        } else if (!batch->records.empty()) {
            changed_.notify_all();
        }
        co_return;
    }
    if (batch.error().code == Errc::shutting_down) {
        is_closed_ = true;
    } else if (info(batch.error().code).is_retryable) {
        log(Level::warn, "feed.log_away", "feeds", {{"reason", describe(batch.error())}});
        co_await wait(options_.patience);
    } else {
        fail(batch.error());
    }
}

Result<void> FeedHub::add(const std::vector<StoredRecord>& records)
{
    for (const StoredRecord& record : records) {
        if (record.position != tail_.next()) {
            return Error{Errc::corrupt, "the log jumps from position " +
                                            std::to_string(tail_.value) + " to " +
                                            std::to_string(record.position.value)};
        }
        SEAL_TRY(event, make_feed_event(record));
        ring_bytes_ += event->bytes();
        ring_.push_back(std::move(event));
        tail_ = record.position;
        while (ring_bytes_ > options_.ring_bytes_max && ring_.size() > 1) {
            ring_bytes_ -= ring_.front()->bytes();
            ring_.pop_front();
        }
    }
    return {};
}

void FeedHub::leave() noexcept
{
    if (feed_) {
        feed_->close();
        feed_.reset();
    }
    ring_.clear();
    ring_bytes_ = 0;
    has_joined_ = false;
}

void FeedHub::fail(Error error)
{
    log(Level::error, "feed.log_corrupt", "feeds", {{"reason", describe(error)}});
    fault_ = std::move(error);
}

} // namespace sealstream
