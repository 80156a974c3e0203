#pragma once

// One subscriber, whatever the transport: takes steps of its subscription, turns them into frames,
// counts and logs how it ends.

#include "node/feeds/subscription.hpp"
#include "node/http/handlers/feed_frames.hpp"
#include "node/http/response.hpp"
#include "node/http/services.hpp"

namespace sealstream::http {

// What a subscriber wants.
struct FeedWish {
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
    [[nodiscard]] Position cursor() const noexcept { return subscription_.cursor(); }
    // Positions of the events of the last next().
    [[nodiscard]] const std::vector<Position>& sent() const noexcept { return sent_; }

    void is_too_slow() noexcept { end_ = FeedEnd::slow; }

private:
    void mark(FeedMark mark, Pieces& to);

    Services& services_;
    FeedFraming framing_;
    FeedForm form_;
    Subscription subscription_;
    std::vector<Position> sent_;
    std::optional<FeedMark> last_;
    FeedEnd end_{FeedEnd::client};
    bool is_caught_up_{false};
};

} // namespace sealstream::http
