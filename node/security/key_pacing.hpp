#pragma once

// When a key set is fetched again. Pure: the time is given.
//
//   after a good one     the interval, or earlier when a token names a key that the set lacks
//   after a failed one   one second, doubling up to a minute or the interval, whichever is less
//
// Wishes are what strangers can cause, so they count only every so often, and never before the wait
// after a failure has passed.

#include <algorithm>
#include <chrono>

namespace sealstream::security {

class KeyPacing {
public:
    using Moment = std::chrono::steady_clock::time_point;
    using Span = std::chrono::milliseconds;

    KeyPacing(Span interval, Span early) : interval_{interval}, early_{early} {}

    [[nodiscard]] bool is_due(Moment now, bool is_wished) const noexcept
    {
        return now >= due_ || (is_wished && failures_ == 0 && now >= tried_ + early_);
    }

    void tried(bool is_good, Moment now) noexcept
    {
        tried_ = now;
        failures_ = is_good ? 0 : failures_ + 1;
        due_ = now + (is_good ? interval_ : wait_after_failures());
    }

private:
    static constexpr Span retry_min{1'000};
    static constexpr Span retry_max{60'000};

    [[nodiscard]] Span wait_after_failures() const noexcept
    {
        const auto doubled = retry_min * (1U << std::min(failures_ - 1U, 6U));
        return std::min({Span{doubled}, retry_max, interval_});
    }

    Span interval_;
    Span early_;
    Moment due_{Moment::min()};
    Moment tried_{Moment::min()};
    unsigned failures_{0};
};

} // namespace sealstream::security
