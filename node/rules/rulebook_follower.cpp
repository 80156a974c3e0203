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
    if (log_.may_lag()) {
        tasks.spawn("rulebook confirmation", confirm());
    }
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
    is_caught_up_ = is_caught_up_ || batch.is_caught_up;
    settle(!batch.records.empty());
    return {};
}

// Asks the leader, because the replica that feeds us may be behind it without knowing.
Task<void> RulebookFollower::confirm()
{
    while (!is_closed_ && !fault_) {
        const Monotonic asked = clock_.monotonic();
        LogFilter rules{rulebook_stream_types()};
        const auto newest = co_await log_.newest(std::move(rules));
        if (newest) {
            confirmed_ = Confirmed{asked, *newest};
            settle(false);
        }
        if (!is_closed_) {
            co_await changed_.wait_for(options_.confirm_interval);
        }
    }
}

bool RulebookFollower::is_newest() const
{
    return log_.may_lag() ? confirmed_ && confirmed_->newest <= next_.applied : is_caught_up_;
}

// Something has come, or the log has told where it stands.
void RulebookFollower::settle(bool has_news)
{
    const bool was_silent = silence() > options_.silence_max;
    if (!log_.may_lag()) {
        heard_ = clock_.monotonic();
    } else if (is_newest()) {
        heard_ = std::max(heard_, confirmed_->asked);
    }
    if (current_ == nullptr && is_newest()) {
        log(Level::info, "rulebook.read", "rules", {{"position", next_.applied.value}});
        has_news = true;
    } else {
        has_news = has_news && current_ != nullptr;
    }
    if (has_news) {
        current_ = std::make_shared<const Rulebook>(next_);
        renew_ = std::make_shared<const Permit::Renew>(
            [this, judged_by = current_.get()] { return renew(judged_by); });
    }
    if (has_news || was_silent) {
        changed_.notify_all();
    }
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

Result<RulesNow> RulebookFollower::now() const
{
    SEAL_TRY(book, current());
    RulesNow rules;
    rules.permit = Permit{heard_ + options_.permit_age_max, renew_};
    rules.book = std::move(book);
    return rules;
}

Result<Monotonic> RulebookFollower::renew(const Rulebook* judged_by) const
{
    if (fault_) {
        return *fault_;
    }
    if (is_closed_ || current_.get() != judged_by) {
        return Error{Errc::unavailable, "the rules have changed while the append waited"};
    }
    return heard_ + options_.permit_age_max;
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
