// Invariants
//   1. current_ is null, or the fold of all system events up to some position of the log.
//   2. After a fault nothing changes any more.

#include "node/rules/rulebook_follower.hpp"

#include "core/base/log.hpp"

namespace sealstream {

RulebookFollower::RulebookFollower(boost::asio::any_io_executor executor, EventLog& log,
                                   const Clock& clock, RulebookOptions options)
    : log_{log},
      clock_{clock},
      options_{options},
      changed_{std::move(executor)}
{
}

void RulebookFollower::start(TaskGroup& tasks)
{
    heard_ = clock_.monotonic();
    feed_ = log_.subscribe_from(Position{0}, LogFilter{rulebook_stream_types()});
    tasks.spawn("rulebook", run());
}

void RulebookFollower::close() noexcept
{
    is_closed_ = true;
    if (feed_) {
        feed_->close();
    }
    changed_.notify_all();
}

Task<void> RulebookFollower::run()
{
    while (!is_closed_ && !fault_) {
        // The first time at once: where there are no rules, nothing will come.
        const auto wait = std::exchange(has_asked_, true) ? options_.wait : milliseconds{0};
        const auto batch = co_await feed_->next(options_.batch_events_max, wait);
        if (is_closed_) {
            break;
        }
        auto taken = batch ? take(*batch) : Result<void>{batch.error()};
        if (!taken) {
            co_await stumble(std::move(taken).error());
        }
    }
    changed_.notify_all();
}

Result<void> RulebookFollower::take(const FeedBatch& batch)
{
    for (const StoredRecord& record : batch.records) {
        auto event = decode_record(record.record);
        if (!event) {
            return Error{Errc::corrupt, "position " + std::to_string(record.position.value) + ": " +
                                            describe(event.error())};
        }
        const StoredEvent stored{record.position, record.ingested, *std::move(event)};
        auto applied = next_.apply(stored);
        if (!applied) {
            return applied.error();
        }
    }
    const bool was_silent = silence() > options_.silence_max;
    heard_ = clock_.monotonic();
    const bool is_complete = current_ != nullptr || batch.is_caught_up;
    const bool is_newer = current_ == nullptr || !batch.records.empty();
    if (is_complete && is_newer) {
        if (current_ == nullptr) {
            log(Level::info, "rulebook.read", "rules", {{"position", next_.applied.value}});
        }
        current_ = std::make_shared<const Rulebook>(next_);
    }
    if (was_silent || (is_complete && is_newer)) {
        changed_.notify_all();
    }
    return {};
}

Task<void> RulebookFollower::stumble(Error error)
{
    if (error.code == Errc::shutting_down) {
        is_closed_ = true;
    } else if (info(error.code).is_retryable) {
        log(Level::warn, "rulebook.log_away", "rules", {{"reason", describe(error)}});
        co_await changed_.wait_for(options_.wait);
    } else {
        log(Level::error, "rulebook.not_understood", "rules", {{"reason", describe(error)}});
        fault_ = std::move(error);
    }
}

std::chrono::nanoseconds RulebookFollower::silence() const
{
    return clock_.monotonic() - heard_;
}

Result<RulebookPtr> RulebookFollower::current() const
{
    if (fault_) {
        return *fault_;
    }
    if (current_ == nullptr) {
        return Error{Errc::unavailable, "the rules have not all been read yet"};
    }
    if (silence() > options_.silence_max) {
        return Error{Errc::unavailable, "the rules may be old: the log is silent"};
    }
    return current_;
}

std::string RulebookFollower::fault() const
{
    const auto now = current();
    return now ? std::string{} : describe(now.error());
}

Task<Result<RulebookPtr>> RulebookFollower::applied(Position position,
                                                    std::chrono::nanoseconds longest)
{
    const auto deadline = std::chrono::steady_clock::now() + longest;
    for (;;) {
        auto now = current();
        const bool is_reached = now && (*now)->applied >= position;
        if (is_reached || fault_) {
            co_return now;
        }
        const auto left = deadline - std::chrono::steady_clock::now();
        if (is_closed_ || left.count() <= 0) {
            co_return Error{is_closed_ ? Errc::shutting_down : Errc::timed_out,
                            "waiting for the rules of position " + std::to_string(position.value)};
        }
        co_await changed_.wait_for(left);
    }
}

} // namespace sealstream
