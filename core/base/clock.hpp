#pragma once

// Time, passed in so that tests own it. Wall time is nanoseconds since 1970-01-01 UTC without leap
// seconds; monotonic time only measures distances.

#include "core/base/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace sealstream {

using std::chrono::milliseconds;
using Monotonic = std::chrono::steady_clock::time_point;

struct WallTime {
    std::int64_t nanoseconds{0};
    friend constexpr auto operator<=>(const WallTime&, const WallTime&) = default;
};

class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual WallTime wall() const = 0;
    [[nodiscard]] virtual Monotonic monotonic() const = 0;
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] WallTime wall() const override;
    [[nodiscard]] Monotonic monotonic() const override;
};

class ManualClock final : public Clock {
public:
    [[nodiscard]] WallTime wall() const override { return wall_; }
    [[nodiscard]] Monotonic monotonic() const override { return monotonic_; }
    void set_wall(WallTime now) { wall_ = now; }
    void advance(std::chrono::nanoseconds by)
    {
        wall_.nanoseconds += by.count();
        monotonic_ += std::chrono::duration_cast<Monotonic::duration>(by);
    }

private:
    WallTime wall_{1'700'000'000'000'000'000};
    Monotonic monotonic_{};
};

// RFC 3339 in UTC: "2025-12-24T10:00:00Z", with as many of nine fraction digits as are not zero.
[[nodiscard]] std::string to_rfc3339(WallTime time);

// Accepts any offset and up to nine fraction digits; years 1678 to 2261 (what 64 bits hold).
//   malformed   not RFC 3339, or outside those years
[[nodiscard]] Result<WallTime> from_rfc3339(std::string_view text);

} // namespace sealstream
