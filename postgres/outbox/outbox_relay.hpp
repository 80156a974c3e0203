#pragma once

// Brings what application transactions have appended in SQL into a log that is not in their
// database.
//
// Executor      run() is one coroutine on the I/O thread; SQL runs on the blocking pool. It keeps
// one connection of the
//               pool for itself.
// Order         Transactions reach the log in the order of their commits, each whole
// (outbox_plan.hpp). Exactly once  Ids are fixed in the transaction. Before anything is appended it
// is noted what, and above which position;
//               emitted_at is stamped only after the log's answer. Starting, and going on after any
//               failure, are the same path: what was noted and not stamped is looked for in the log
//               itself, then appended again with the same ids. So it does not matter how long the
//               log remembers ids. Two relays that both believe to be the owner fail each other's
//               conditions (stream_versions.hpp).
// One owner     Others stand by and take over when the owner's session ends; each owner takes a
// higher epoch. Refusals      A transaction that the log will never take is parked, with the
// reason; the rest goes on. Shutdown      After stop.request(), run() ends when the running append
// has its answer.

#include "core/async/blocking_pool.hpp"
#include "core/async/stop.hpp"
#include "core/base/clock.hpp"
#include "postgres/outbox/outbox_metrics.hpp"
#include "postgres/outbox/stream_versions.hpp"
#include "postgres/pool.hpp"

namespace sealstream {

// Where events are appended: the log itself, or a way to it that checks them first.
class OutboxTarget {
public:
    virtual ~OutboxTarget() = default;
    // As EventLog::append. Repeats among the own_ids are part of the answer, the rest is appended;
    // is_repeat: not all of it was. A refusal that verdict_of() parks must mean that nothing was
    // appended.
    [[nodiscard]] virtual boost::asio::awaitable<Result<Appended>> append(OutboxAppend append) = 0;

protected:
    OutboxTarget() = default;
    OutboxTarget(const OutboxTarget&) = delete;
    OutboxTarget& operator=(const OutboxTarget&) = delete;
};

struct OutboxStatus {
    enum class State : std::uint8_t { starting, standby, relaying, retrying, halted, stopped };
    State state{State::starting};
    std::uint64_t emitted{0}; // events, by this object
    std::string last_error;   // for operators; empty when all is well
};

class OutboxRelay {
public:
    OutboxRelay(EventLog& log, OutboxTarget& target, Pool& pool, BlockingPool& threads,
                const Clock& clock, Stop& stop, OutboxOptions options, OutboxMetrics& metrics);

    // Ends when a stop is asked for, or at a halt.
    [[nodiscard]] Task<void> run();

    [[nodiscard]] const OutboxStatus& status() const noexcept { return status_; }

private:
    [[nodiscard]] Task<Result<void>> session();
    [[nodiscard]] Task<Result<void>> wait_for_ownership(Connection& connection);
    [[nodiscard]] Task<Result<void>> recover(Connection& connection);
    [[nodiscard]] Task<Result<std::vector<Placed>>> find_in_log(std::vector<AttemptedEvent> wanted);
    [[nodiscard]] Task<Result<std::size_t>> relay_page(Connection& connection);
    struct PageOutcome {
        std::vector<Placed> done;
        bool is_whole{false};      // the page, not just its beginning
        bool has_surprised{false}; // the log holds what we did not know of: look at it again
    };
    [[nodiscard]] Task<Result<void>>
    append_all(Connection& connection, std::vector<OutboxAppend> appends, PageOutcome& outcome);
    [[nodiscard]] Task<Result<void>> refuse(Connection& connection, OutboxAppend refused,
                                            Error why);
    [[nodiscard]] Task<Result<void>> stamp(Connection& connection, std::vector<Placed> events,
                                           std::int64_t through, std::size_t found);
    [[nodiscard]] Task<Result<void>> note(Connection& connection);
    [[nodiscard]] Task<Result<void>> look_after(Connection& connection, bool is_owner);

    EventLog& log_;
    OutboxTarget& target_;
    Pool& pool_;
    BlockingPool& threads_;
    const Clock& clock_;
    Stop& stop_;
    const OutboxOptions options_;
    OutboxMetrics& metrics_;
    OutboxStatus status_;
    Backoff backoff_;

    // Of the session.
    RelayClaim claim_;
    StreamVersions versions_;
    int surprises_{0};               // one after the other
    std::int64_t singly_through_{0}; // a shared append was refused: find out whose fault it is
    Monotonic trusted_since_{};
    Monotonic lag_measured_{};
    Monotonic removed_at_{};
};

} // namespace sealstream
