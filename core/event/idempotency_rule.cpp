#include "core/event/idempotency_rule.hpp"

namespace sealstream {

std::chrono::nanoseconds trusted_part(std::chrono::nanoseconds window)
{
    return window - window / 4;
}

Monotonic send_until(WallTime above_since, std::chrono::nanoseconds window,
                     const ClockReading& reading)
{
    const std::chrono::nanoseconds behind{reading.log_time.nanoseconds - above_since.nanoseconds};
    return reading.asked +
           std::chrono::duration_cast<Monotonic::duration>(trusted_part(window) - behind);
}

} // namespace sealstream
