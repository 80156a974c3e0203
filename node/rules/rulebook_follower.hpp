#pragma once

// Keeps a node's rulebook as new as the log: reads the system streams from the beginning, then
// follows them. The log sends nothing else, so this costs what the rules cost, whatever the size of
// the ledger.
//
// Executor    The I/O thread.
// Snapshots   Immutable and shared: a request decides by one of them to its end.
// Failure     Who can not say that its rules are the newest says so, and then appends wait: a rule
//             that is not known can not be kept.
// Newest      Where readers of the log may be behind, its leader is asked all the time whether
// there
//             is anything newer. Silence counts from the question, so that what the answer says
//             held then.

#include "core/async/notifier.hpp"
#include "core/async/task_group.hpp"
#include "core/base/clock.hpp"
#include "core/ports/event_log.hpp"
#include "core/rules/rulebook.hpp"

namespace sealstream {

struct RulebookOptions {
    std::size_t batch_events_max{256};               // taken from the log at once
    std::chrono::milliseconds wait{500};             // one wait for the log
    std::chrono::milliseconds silence_max{10'000};   // without an answer of the log: stale
    std::chrono::milliseconds confirm_interval{250}; // between two questions to the log's leader
    std::chrono::milliseconds permit_age_max{1'000}; // what waits longer is not sent unasked
};

// What one snapshot says, and how long an append may be sent by it.
struct RulesNow {
    RulebookPtr book;
    Permit permit;
};

class RulebookFollower {
public:
    RulebookFollower(boost::asio::any_io_executor executor, EventLog& log, const Clock& clock,
                     RulebookOptions options);

    // `tasks` must be idle before the follower is destroyed; close() makes it so.
    void start(TaskGroup& tasks);
    void close() noexcept;

    // The rules to decide by now.
    //   unavailable   they have not all been read yet, or the log has been silent for too long
    //   corrupt, unsupported   the log's rules can not be understood; an operator must act
    [[nodiscard]] Result<RulebookPtr> current() const;

    // The same with a permit, for those who append: it holds until permit_age_max after the log
    // has said that these rules are the newest, and goes on holding while the log says so again.
    // The permit must not outlive the follower.
    [[nodiscard]] Result<RulesNow> now() const;

    // Waits until everything up to `position` has been applied.
    //   timed_out, and as current()
    [[nodiscard]] Task<Result<RulebookPtr>> applied(Position position,
                                                    std::chrono::nanoseconds longest);

    // Empty: well. Otherwise why current() fails, for operators.
    [[nodiscard]] std::string fault() const;
    [[nodiscard]] Position position() const noexcept { return next_.applied; }
    [[nodiscard]] std::size_t policies() const noexcept { return next_.emission.rows().size(); }
    // How long ago the log last said that there is nothing newer, or sent something.
    [[nodiscard]] std::chrono::nanoseconds silence() const;

private:
    [[nodiscard]] Task<void> run();
    [[nodiscard]] Task<void> confirm();
    [[nodiscard]] Result<void> take(const FeedBatch& batch);
    void settle(bool has_news);
    [[nodiscard]] bool is_newest() const;
    [[nodiscard]] Result<Monotonic> renew(const Rulebook* judged_by) const;
    [[nodiscard]] Task<void> stumble(Error error);

    EventLog& log_;
    const Clock& clock_;
    RulebookOptions options_;
    Notifier changed_;
    std::unique_ptr<Feed> feed_;
    Rulebook next_;                              // what the next snapshot is made of
    RulebookPtr current_;                        // null until everything has been read once
    std::shared_ptr<const Permit::Renew> renew_; // of current_
    Monotonic heard_{};
    // What the leader has answered last: there is nothing above `newest`, when it was asked.
    struct Confirmed {
        Monotonic asked;
        Position newest;
    };
    std::optional<Confirmed> confirmed_;
    std::optional<Error> fault_; // for good
    bool is_caught_up_{false};   // the feed has shown everything once
    bool has_asked_{false};
    bool is_closed_{false};
};

} // namespace sealstream
