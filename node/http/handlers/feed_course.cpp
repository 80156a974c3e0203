#include "node/http/handlers/feed_course.hpp"

#include "core/base/log.hpp"

namespace sealstream::http {

FeedCourse::FeedCourse(Services& services, FeedFraming framing, FeedWish wish)
    : services_{services},
      caller_{services, std::move(wish.caller)},
      framing_{framing},
      form_{form_of(framing, wish.format)},
      subscription_{services.feeds, wish.after, std::move(wish.filter), services.index}
{
    services_.metrics.subscriber_started(transport_of(framing_));
}

FeedCourse::~FeedCourse()
{
    services_.metrics.subscriber_ended(transport_of(framing_), end_);
    if (end_ == FeedEnd::slow) {
        log(Level::info, "feed.cut", "http", {{"reason", "slow"}, {"position", cursor().value}});
    }
}

Task<Pieces> FeedCourse::next(std::size_t events_max)
{
    const FeedOptions& options = services_.feed_options;
    sent_.clear();
    Pieces pieces;
    if (has_ended()) {
        co_return pieces;
    }
    const Position from = cursor();
    if (has_lapsed(from, pieces)) {
        co_return pieces;
    }
    const auto wait = caller_.at_most(options.heartbeat);
    const FeedStepLimits limits{std::min(events_max, options.batch_events_max),
                                options.batch_bytes_max, wait};
    const auto began = std::chrono::steady_clock::now();
    Result<FeedStep> step{FeedStep{}};
    if (events_max == 0) {
        step = co_await subscription_.pause(wait);
    } else {
        step = co_await subscription_.next(limits);
    }
    if (has_lapsed(from, pieces)) {
        co_return pieces;
    }
    if (!step) {
        if (!info(step.error().code).is_retryable) {
            log(Level::error, "feed.failed", "http", {{"reason", describe(step.error())}});
        }
        mark(info(step.error().code).is_retryable ? FeedMark::away : FeedMark::fault, pieces);
        co_return pieces;
    }
    pieces.reserve(step->events.size() + 1);
    for (const FeedEventPtr& event : step->events) {
        pieces.push_back(shared_text(event, form_));
        sent_.push_back(event->position());
    }
    const bool is_quiet = step->events.empty();
    if (step->is_overrun) {
        mark(FeedMark::overrun, pieces);
    } else if (step->is_closing) {
        mark(FeedMark::draining, pieces);
    } else if (is_quiet && step->is_caught_up && !is_caught_up_) {
        is_caught_up_ = true;
        mark(FeedMark::caught_up, pieces);
    } else if (is_quiet && std::chrono::steady_clock::now() - began >= options.heartbeat) {
        mark(FeedMark::heartbeat, pieces);
    }
    co_return pieces;
}

bool FeedCourse::has_lapsed(Position from, Pieces& to)
{
    const auto lapse = caller_.lapse();
    if (lapse) {
        ended_at_ = from;
        mark(mark_of(*lapse), to);
    }
    return lapse.has_value();
}

void FeedCourse::mark(FeedMark mark, Pieces& to)
{
    auto text = mark_text(framing_, mark, cursor());
    if (!text.empty()) {
        to.push_back(std::make_shared<const std::string>(std::move(text)));
    }
    if (is_end(mark)) {
        last_ = mark;
        end_ = end_of(mark);
    }
}

} // namespace sealstream::http
