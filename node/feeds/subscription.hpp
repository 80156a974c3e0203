#pragma once

// One subscriber: a cursor and a filter. Far behind, it reads pages from the log; near the end, it
// takes what the hub holds. The cursor is the only thing that connects the two, so nothing is
// skipped and nothing comes twice.

#include "node/feeds/feed_filter.hpp"
#include "node/feeds/feed_hub.hpp"

namespace sealstream {

struct FeedStep {
    std::vector<FeedEventPtr> events; // that match; ascending
    bool is_caught_up{false};         // nothing newer is known
    bool is_overrun{false};           // was live, and too slow since: start again from cursor()
    bool is_closing{false};           // the node shuts down: go on elsewhere from cursor()
};

struct FeedStepLimits {
    std::size_t events_max{1000};
    std::size_t bytes_max{256 << 10};
    std::chrono::milliseconds wait{15'000};
};

class Subscription {
public:
    Subscription(FeedHub& hub, Position after, FeedFilter filter);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

    // The next matching events. Returns without any when the end of the log is reached for the
    // first time, after `wait`, when overrun, and when closing. One caller at a time.
    //   corrupt       the log has a hole
    //   unavailable   the log does not answer: call again
    [[nodiscard]] Task<Result<FeedStep>> next(FeedStepLimits limits);

    // Everything up to here has been returned or did not match.
    [[nodiscard]] Position cursor() const noexcept { return cursor_; }

private:
    // Both move the cursor and add what matches to the step.
    [[nodiscard]] Task<Result<void>> take_page(FeedStepLimits limits, FeedStep& step);
    void take_recent(FeedStepLimits limits, FeedStep& step);

    FeedHub& hub_;
    Position cursor_;
    FeedFilter filter_;
    bool is_live_{false}; // has been served by the hub
    bool has_said_caught_up_{false};
};

} // namespace sealstream
