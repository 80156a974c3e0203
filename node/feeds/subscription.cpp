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
        std::vector<FeedEventPtr> found;
        if (hub_.covers(cursor_)) {
            is_live_ = true;
            found = hub_.recent(cursor_, limits.events_max, limits.bytes_max);
        } else if (is_live_) {
            step.is_overrun = true;
            co_return step;
        } else {
            auto page = co_await read_page(limits);
            if (!page) {
                co_return page.error();
            }
            found = *std::move(page);
        }
        const bool is_at_end = found.empty();
        take(std::move(found), step.events);
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

Task<Result<std::vector<FeedEventPtr>>> Subscription::read_page(FeedStepLimits limits)
{
    const ReadLimits page{limits.events_max, limits.bytes_max};
    const auto records = co_await hub_.event_log().read_from(cursor_, page);
    if (!records) {
        co_return records.error();
    }
    std::vector<FeedEventPtr> events;
    events.reserve(records->size());
    for (const StoredRecord& record : *records) {
        SEAL_CO_TRY(event, make_feed_event(record));
        events.push_back(std::move(event));
    }
    co_return events;
}

void Subscription::take(std::vector<FeedEventPtr> from, std::vector<FeedEventPtr>& to)
{
    if (from.empty()) {
        return;
    }
    cursor_ = from.back()->position();
    if (filter_.is_empty()) {
        to = std::move(from);
        return;
    }
    for (FeedEventPtr& event : from) {
        if (filter_.matches(event->event())) {
            to.push_back(std::move(event));
        }
    }
}

} // namespace sealstream
