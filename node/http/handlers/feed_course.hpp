#pragma once

// One subscriber, whatever the transport: takes steps of its subscription, turns them into frames,
// counts and logs how it ends.

#include "node/feeds/subscription.hpp"
#include "node/http/caller_watch.hpp"
#include "node/http/handlers/feed_frames.hpp"
#include "node/http/response.hpp"
#include "node/http/services.hpp"

namespace sealstream::http {

// What a subscriber wants, and who it is.
struct FeedWish {
    security::CallerPtr caller{};
    Position after{};
    FeedFilter filter{};
    EventFormat format{EventFormat::sealstream};
};

class FeedCourse {
public:
    FeedCourse(Services& services, FeedFraming framing, FeedWish wish);
    ~FeedCourse();
    FeedCourse(const FeedCourse&) = delete;
    FeedCourse& operator=(const FeedCourse&) = delete;

    // The next frames: events (at most `events_max`; with 0 only marks), or a mark. After the frame
    // that ends the feed, and when woken, there may be none.
    [[nodiscard]] Task<Pieces> next(std::size_t events_max);
    void wake() noexcept { subscription_.wake(); }

    [[nodiscard]] bool has_ended() const noexcept { return last_.has_value(); }
    // The mark that ended it.
    [[nodiscard]] FeedMark last() const noexcept { return *last_; }
    // Up to where everything has been handed out.
    [[nodiscard]] Position cursor() const noexcept
    {
        return ended_at_.value_or(subscription_.cursor());
    }
    // Positions of the events of the last next().
    [[nodiscard]] const std::vector<Position>& sent() const noexcept { return sent_; }

    void is_too_slow() noexcept { end_ = FeedEnd::slow; }

private:
    void mark(FeedMark mark, Pieces& to);

    // Whether the caller is nobody any more; then the feed ends at `from`.
    [[nodiscard]] bool has_lapsed(Position from, Pieces& to);

    Services& services_;
    CallerWatch caller_;
    FeedFraming framing_;
    FeedForm form_;
    Subscription subscription_;
    std::vector<Position> sent_;
    std::optional<FeedMark> last_;
    std::optional<Position> ended_at_; // before the subscription's cursor
    FeedEnd end_{FeedEnd::client};
    bool is_caught_up_{false};
};

} // namespace sealstream::http
