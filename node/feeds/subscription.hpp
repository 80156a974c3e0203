#pragma once

// One subscriber: a cursor and a filter. Far behind, it reads history (catch_up.hpp); near the end,
// it takes what the hub holds. The cursor is the only thing that connects the two, so nothing is
// skipped and nothing comes twice.

#include "node/feeds/catch_up.hpp"
#include "node/feeds/feed_hub.hpp"

namespace sealstream {

struct FeedStep {
    std::vector<FeedEventPtr> events; // that match; ascending
    bool is_caught_up{false}; // the cursor is at or above where the log's leader said it ends
    bool is_overrun{false};   // was live, and too slow since: start again from cursor()
    bool is_closing{false};   // the node shuts down: go on elsewhere from cursor()
};

struct FeedStepLimits {
    std::size_t events_max{1000};
    std::size_t bytes_max{256 << 10};
    std::chrono::milliseconds wait{15'000};
};

class Subscription {
public:
    // `index` makes a filtered history fast and may be null.
    Subscription(FeedHub& hub, Position after, FeedFilter filter, EventIndex* index = nullptr);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

    // The next matching events. Returns without any when the end of the log is reached for the
    // first time (as its leader knew it then, whichever replica is read), after `wait`, after
    // wake(), when overrun, and when closing. One caller at a time.
    //   corrupt       the log has a hole
    //   unavailable   the log does not answer, or has been silent for long: nobody knows whether
    //                 there is something new. Go on from cursor() later
    [[nodiscard]] Task<Result<FeedStep>> next(FeedStepLimits limits);

    // For a subscriber that may not be given events now: ends at wake(), when closing, and after
    // `wait`; then says whether it has been overrun since.
    //   corrupt       the log has a hole
    //   unavailable   as next()
    [[nodiscard]] Task<Result<FeedStep>> pause(std::chrono::milliseconds wait);

    // Ends next() and pause() early, now or when they are called.
    void wake() noexcept;

    // Everything up to here has been returned or did not match.
    [[nodiscard]] Position cursor() const noexcept { return cursor_; }
    [[nodiscard]] std::uint64_t records_read() const noexcept { return history_.records_read(); }

private:
    // Whether everything has been seen that was in the log when it first seemed so.
    [[nodiscard]] Task<bool> has_reached_end();
    void take_recent(FeedStepLimits limits, FeedStep& step);
    // Whether to stop here: closing, overrun or a fault.
    [[nodiscard]] Result<bool> is_over(FeedStep& step) const;

    FeedHub& hub_;
    Position cursor_;
    Interest interest_;
    CatchUp history_;
    bool is_live_{false}; // has been served by the hub
    bool is_woken_{false};
    std::optional<Position> end_; // of the log, asked when the end seemed to be reached
    bool has_said_caught_up_{false};
};

} // namespace sealstream
