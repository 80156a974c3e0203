#include "node/feeds/subscription.hpp"

namespace sealstream {

Subscription::Subscription(FeedHub& hub, Position after, FeedFilter filter)
    : hub_{hub},
      cursor_{after},
      filter_{std::move(filter)}
{
    hub_.subscriber_came();
}

Subscription::~Subscription()
{
    hub_.subscriber_went();
}

Task<Result<FeedStep>> Subscription::next(FeedStepLimits limits)
{
    using SteadyClock = std::chrono::steady_clock;
    const auto deadline = SteadyClock::now() + limits.wait;
    FeedStep step;
    for (;;) {
        if (hub_.is_closed()) {
            step.is_closing = true;
            co_return step;
        }
        if (hub_.fault()) {
            co_return *hub_.fault();
        }
        const Position before = cursor_;
        if (hub_.covers(cursor_)) {
            is_live_ = true;
            take_recent(limits, step);
        } else if (is_live_) {
            step.is_overrun = true;
            co_return step;
        } else {
            const auto taken = co_await take_page(limits, step);
            if (!taken) {
                co_return taken.error();
            }
        }
        const bool is_at_end = cursor_ == before;
        const auto left = deadline - SteadyClock::now();
        const bool is_news = is_at_end && !has_said_caught_up_;
        if (!step.events.empty() || is_news || left <= SteadyClock::duration::zero()) {
            step.is_caught_up = is_at_end;
            has_said_caught_up_ = has_said_caught_up_ || is_at_end;
            co_return step;
        }
        // The hub may have moved on while the page was read.
        if (is_at_end && hub_.tail() <= cursor_) {
            co_await hub_.wait(left);
        }
    }
}

Task<Result<void>> Subscription::take_page(FeedStepLimits limits, FeedStep& step)
{
    const ReadLimits page{limits.events_max, limits.bytes_max};
    const auto records = co_await hub_.event_log().read_from(cursor_, page);
    if (!records) {
        co_return records.error();
    }
    for (const StoredRecord& record : *records) {
        if (record.position != cursor_.next()) {
            co_return Error{Errc::corrupt, "the log jumps from position " +
                                               std::to_string(cursor_.value) + " to " +
                                               std::to_string(record.position.value)};
        }
        SEAL_CO_TRY(event, make_feed_event(record));
        if (filter_.matches(event->event())) {
            step.events.push_back(std::move(event));
        }
        cursor_ = record.position;
    }
    co_return Result<void>{};
}

void Subscription::take_recent(FeedStepLimits limits, FeedStep& step)
{
    std::size_t bytes = 0;
    while (cursor_ < hub_.tail() && step.events.size() < limits.events_max &&
           bytes < limits.bytes_max) {
        cursor_ = cursor_.next();
        const FeedEventPtr& event = hub_.event(cursor_);
        if (filter_.matches(event->event())) {
            bytes += event->bytes();
            step.events.push_back(event);
        }
    }
}

} // namespace sealstream
