#pragma once

// One tail of the log per node, shared by all live subscribers. The hub follows the log only while
// somebody listens, and keeps the newest events, decoded once, in a ring that is bounded in bytes.
// Subscribers hold a cursor and nothing else (subscription.hpp): a slow one can not make the hub
// wait or grow, and one that nothing new concerns is not woken.
//
// Executor    The I/O thread.
// Order       The ring is a gapless run of positions that ends at tail().
// Failure     When the log is away, the ring stands still; when it has been for long, is_away()
//             says so, and live subscribers must not go on as if nothing was new. When the log
//             contradicts itself, fault() says so and the hub follows no more.

#include "core/async/notifier.hpp"
#include "core/async/task_group.hpp"
#include "core/async/turns.hpp"
#include "core/ports/event_log.hpp"
#include "node/feeds/head_watch.hpp"
#include "node/feeds/interests.hpp"

#include <deque>
#include <list>

namespace sealstream {

struct FeedHubOptions {
    std::size_t ring_bytes_max{64 << 20}; // of memory: decoded, and in the forms of two transports
    std::size_t batch_events_max{1000};   // taken from the log at once
    std::chrono::milliseconds patience{1000};       // one wait for the log
    std::chrono::milliseconds log_away_max{15'000}; // without an answer of it; then is_away()
    std::size_t history_readers_max{2};             // at once; each takes a page and waits again
    std::chrono::milliseconds linger{10'000}; // following goes on so long after the last subscriber
};

class FeedHub {
public:
    FeedHub(boost::asio::any_io_executor executor, EventLog& log, FeedHubOptions options);

    // `tasks` must be idle before the hub is destroyed; close() makes it so.
    void start(TaskGroup& tasks);
    // Wakes every subscriber for the last time.
    void close() noexcept;
    [[nodiscard]] bool is_closed() const noexcept { return is_closed_; }

    [[nodiscard]] EventLog& event_log() const noexcept { return log_; }
    [[nodiscard]] const std::optional<Error>& fault() const noexcept { return fault_; }
    // The log has been silent for longer than log_away_max, though somebody listens.
    [[nodiscard]] bool is_away() const noexcept;
    // Since the log last answered; zero while nobody listens.
    [[nodiscard]] std::chrono::nanoseconds silence() const noexcept;
    [[nodiscard]] Position tail() const noexcept { return tail_; }
    [[nodiscard]] std::size_t ring_bytes() const noexcept { return ring_bytes_; }
    [[nodiscard]] std::size_t subscribers() const noexcept { return interests_.size(); }

    // Whether what comes directly after `after` is here, or will be.
    [[nodiscard]] bool covers(Position after) const noexcept;
    // The event at `position`, which is at most tail() and not below what is covered.
    [[nodiscard]] const FeedEventPtr& event(Position position) const noexcept
    {
        return ring_[ring_.size() - 1 - (tail_.value - position.value)];
    }
    // Where the log ends, by its leader: who has seen everything up to there has caught up.
    [[nodiscard]] Task<Result<Position>> ask_head() { return head_.ask(); }

    // Before a page of history is read, so that who comes back after a while does not keep the
    // thread from appends and from those who are live. Empty after history_patience: then it is
    // read all the same.
    [[nodiscard]] Task<Turns::Turn> take_history_turn();

    // Ends when something has happened, or after `longest`.
    [[nodiscard]] Task<void> wait(std::chrono::nanoseconds longest);

    // Sleeps until an event that fits has come, until interest.wake() is called, or for `longest`.
    // The caller has seen everything up to tail(). Returns up to where everything has been seen.
    [[nodiscard]] Task<Position> wait_for(Interest& interest, std::chrono::nanoseconds longest);

    // The same, but no event wakes it.
    [[nodiscard]] Task<void> pause_for(Interest& interest, std::chrono::nanoseconds longest);

    void subscriber_came(Interest& interest);
    void subscriber_went(Interest& interest) noexcept;

private:
    [[nodiscard]] Task<void> sleep(Interest& interest, std::chrono::nanoseconds longest);
    [[nodiscard]] Task<void> run();
    [[nodiscard]] Task<void> watch();
    [[nodiscard]] Task<bool> join();
    [[nodiscard]] Task<void> take_batch();
    [[nodiscard]] Result<void> add(const std::vector<StoredRecord>& records);
    void forget(const FeedEvent& event);
    void leave() noexcept;
    void fail(Error error);
    void wake_all() noexcept;

    EventLog& log_;
    FeedHubOptions options_;
    Notifier changed_;
    HeadWatch head_;
    Turns history_turns_;
    std::unique_ptr<Feed> feed_;
    std::deque<FeedEventPtr> ring_;
    std::size_t ring_bytes_{0};
    InterestTable interests_;
    std::list<Interest*> waiting_; // armed or about to look
    std::chrono::steady_clock::time_point alone_since_{};
    std::optional<std::chrono::steady_clock::time_point> heard_; // of the log; while it is followed
    Notifier watch_;
    Position tail_{};
    std::optional<Error> fault_;
    bool has_joined_{false};
    bool is_closed_{false};
};

} // namespace sealstream
