#include "node/feeds/subscription.hpp"

namespace sealstream {

namespace {

constexpr std::chrono::milliseconds behind_wait{
    50}; // before a replica that is behind is read again

Error log_is_away()
{
    return Error{Errc::unavailable, "the log has been silent for too long"};
}

} // namespace

Subscription::Subscription(FeedHub& hub, Position after, FeedFilter filter, EventIndex* index)
    : hub_{hub},
      cursor_{after},
      interest_{std::move(filter)},
      history_{hub.event_log(), index, interest_.filter}
{
    hub_.subscriber_came(interest_);
}

Subscription::~Subscription()
{
    hub_.subscriber_went(interest_);
}

void Subscription::wake() noexcept
{
    is_woken_ = true;
    if (interest_.wake) {
        interest_.wake();
    }
}

Task<Result<FeedStep>> Subscription::next(FeedStepLimits limits)
{
    using SteadyClock = std::chrono::steady_clock;
    const auto deadline = SteadyClock::now() + limits.wait;
    FeedStep step;
    for (;;) {
        SEAL_CO_TRY(is_at_its_end, is_over(step));
        if (is_at_its_end) {
            co_return step;
        }
        const Position before = cursor_;
        if (hub_.covers(cursor_)) {
            is_live_ = true;
            take_recent(limits, step);
        } else {
            const CatchUpLimits page{limits.events_max, limits.bytes_max};
            const auto turn = co_await hub_.take_history_turn();
            const auto reached = co_await history_.next(cursor_, page, step.events);
            if (!reached) {
                co_return reached.error();
            }
            cursor_ = *reached;
        }
        const bool is_at_end = cursor_ == before;
        if (is_at_end && is_live_ && hub_.is_away()) {
            co_return log_is_away();
        }
        bool is_caught_up = is_at_end && has_said_caught_up_;
        if (is_at_end && !has_said_caught_up_) {
            is_caught_up = co_await has_reached_end();
        }
        const auto left = deadline - SteadyClock::now();
        const bool is_news = is_caught_up && !has_said_caught_up_;
        if (!step.events.empty() || is_news || is_woken_ || left <= SteadyClock::duration::zero()) {
            is_woken_ = false;
            step.is_caught_up = is_caught_up;
            has_said_caught_up_ = has_said_caught_up_ || is_caught_up;
            co_return step;
        }
        if (is_at_end && !is_caught_up) {
            const auto longest = std::min<std::chrono::nanoseconds>(left, behind_wait);
            co_await hub_.wait(longest); // what is read is behind the log
        } else if (is_at_end && hub_.covers(cursor_)) {
            if (hub_.tail() == cursor_) {
                cursor_ = co_await hub_.wait_for(interest_, left);
            }
        } else if (is_at_end && hub_.tail() <= cursor_) {
            co_await hub_.wait(left); // until the hub has joined
        }
    }
}

Task<bool> Subscription::has_reached_end()
{
    if (!end_) {
        const auto head = co_await hub_.ask_head();
        if (head) { // else it is asked again
            end_ = *head;
        }
    }
    co_return end_.has_value() && *end_ <= cursor_;
}

Result<bool> Subscription::is_over(FeedStep& step) const
{
    if (hub_.fault()) {
        return *hub_.fault();
    }
    step.is_closing = hub_.is_closed();
    step.is_overrun = !step.is_closing && is_live_ && !hub_.covers(cursor_);
    return step.is_closing || step.is_overrun;
}

Task<Result<FeedStep>> Subscription::pause(std::chrono::milliseconds wait)
{
    FeedStep step;
    if (!is_woken_) {
        co_await hub_.pause_for(interest_, wait);
    }
    is_woken_ = false;
    SEAL_CO_TRY_VOID(is_over(step));
    if (is_live_ && hub_.is_away()) {
        co_return log_is_away();
    }
    co_return step;
}

void Subscription::take_recent(FeedStepLimits limits, FeedStep& step)
{
    std::size_t bytes = 0;
    while (cursor_ < hub_.tail() && step.events.size() < limits.events_max &&
           bytes < limits.bytes_max) {
        cursor_ = cursor_.next();
        const FeedEventPtr& event = hub_.event(cursor_);
        if (interest_.filter.matches(event->event(), event->ingested(), event->category())) {
            bytes += event->bytes();
            step.events.push_back(event);
        }
    }
}

} // namespace sealstream
