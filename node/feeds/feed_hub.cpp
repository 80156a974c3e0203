// Invariants
//   1. The positions in ring_ are consecutive, and the last one is tail_.
//   2. While has_joined_, every position above tail_ will come through feed_.
//   3. ring_bytes_ is the sum of the ring and at most ring_bytes_max, except for one oversized
//   event.

#include "node/feeds/feed_hub.hpp"

#include "core/base/log.hpp"
#include "core/event/payload_cipher.hpp"
#include "core/retention/expiry_event.hpp"

namespace sealstream {

namespace {

constexpr std::chrono::seconds history_patience{5};

} // namespace

FeedHub::FeedHub(boost::asio::any_io_executor executor, EventLog& log, FeedHubOptions options)
    : log_{log},
      options_{options},
      changed_{executor},
      head_{executor, log},
      history_turns_{executor, options.history_readers_max},
      watch_{std::move(executor)}
{
}

void FeedHub::start(TaskGroup& tasks)
{
    tasks.spawn("feed_hub", run());
    tasks.spawn("feed_watch", watch());
}

void FeedHub::close() noexcept
{
    is_closed_ = true;
    if (feed_) {
        feed_->close();
    }
    history_turns_.let_all_go();
    watch_.notify_all();
    wake_all();
}

Task<Turns::Turn> FeedHub::take_history_turn()
{
    co_return co_await history_turns_.take(history_patience);
}

std::chrono::nanoseconds FeedHub::silence() const noexcept
{
    return heard_ ? std::chrono::steady_clock::now() - *heard_ : std::chrono::nanoseconds{0};
}

bool FeedHub::is_away() const noexcept
{
    return silence() > options_.log_away_max;
}

// Subscribers that sleep until something new comes must hear that nothing can come.
Task<void> FeedHub::watch()
{
    bool was_away = false;
    while (!is_closed_) {
        const bool is_now = is_away();
        if (is_now && !was_away) {
            log(Level::warn, "feed.live_ended", "feeds",
                {{"reason", "the log is away"}, {"subscribers", interests_.size()}});
            wake_all();
        }
        was_away = is_now;
        co_await watch_.wait_for(options_.patience);
    }
}

void FeedHub::subscriber_came(Interest& interest)
{
    interests_.add(interest);
    changed_.notify_all();
}

void FeedHub::subscriber_went(Interest& interest) noexcept
{
    interests_.remove(interest);
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

Task<void> FeedHub::sleep(Interest& interest, std::chrono::nanoseconds longest)
{
    boost::asio::steady_timer timer{changed_.executor()};
    timer.expires_after(longest);
    // Moving the expiry, not only cancelling it, also catches a wait that has not begun to sleep.
    interest.wake = [&timer] { timer.expires_at(boost::asio::steady_timer::time_point::min()); };
    const auto place = waiting_.insert(waiting_.end(), &interest);
    co_await timer.async_wait(use_tuple);
    waiting_.erase(place);
    interest.wake = nullptr;
}

Task<Position> FeedHub::wait_for(Interest& interest, std::chrono::nanoseconds longest)
{
    interest.match = Position{};
    interest.is_armed = true;
    co_await sleep(interest, longest);
    interest.is_armed = false;
    co_return interest.match.value != 0 ? Position{interest.match.value - 1} : tail_;
}

Task<void> FeedHub::pause_for(Interest& interest, std::chrono::nanoseconds longest)
{
    if (!is_closed_) {
        co_await sleep(interest, longest);
    }
}

void FeedHub::wake_all() noexcept
{
    for (Interest* interest : waiting_) {
        interest->wake();
    }
    changed_.notify_all();
}

Task<void> FeedHub::run()
{
    while (!is_closed_ && !fault_) {
        const auto alone = std::chrono::steady_clock::now() - alone_since_;
        if (interests_.size() == 0 && (!has_joined_ || alone >= options_.linger)) {
            leave();
            heard_.reset();
            co_await wait(options_.linger);
            continue;
        }
        if (!heard_) {
            heard_ = std::chrono::steady_clock::now();
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
    wake_all();
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
    heard_ = std::chrono::steady_clock::now();
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
        heard_ = std::chrono::steady_clock::now();
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
        forget(*event);
        ring_bytes_ += event->bytes();
        ring_.push_back(std::move(event));
        tail_ = record.position;
        interests_.offer(*ring_.back());
        while (ring_bytes_ > options_.ring_bytes_max && ring_.size() > 1) {
            ring_bytes_ -= ring_.front()->bytes();
            ring_.pop_front();
        }
    }
    return {};
}

// An event that says that a key is destroyed takes out of the ring what the key has opened.
void FeedHub::forget(const FeedEvent& event)
{
    const auto key = expired_key(event.event());
    if (!key) {
        return;
    }
    for (FeedEventPtr& one : ring_) {
        if (one->payload_key() == *key) {
            StoredEvent gone{one->position(), one->ingested(), one->event()};
            expire_payload(gone.event);
            one = std::make_shared<const FeedEvent>(std::move(gone), one->record_bytes(), *key);
        }
    }
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
