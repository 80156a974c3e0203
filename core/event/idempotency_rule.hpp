#pragma once

// The rule that makes idempotency hold for ever on a log that recognises a repeated id only for a
// while. Pure.
//
// A look-up in an index of ids covers the log up to some position. What lies above it came at or
// after a moment `above_since`, by the log's own clock, and the log recognises an id for `window`
// after its event came. So an id that the look-up did not find may be appended until above_since +
// window: whatever the look-up could not see, the log still knows. A quarter of the window is given
// up for what can not be measured: the time that a message lies in sockets, a step of the log's
// clock, and the difference between the clocks of its servers.

#include "core/base/clock.hpp"

namespace sealstream {

// An answer of the log about its clock, and when we had asked for it.
struct ClockReading {
    WallTime log_time;
    Monotonic asked;
};

// The part of the log's window that may be relied on.
[[nodiscard]] std::chrono::nanoseconds trusted_part(std::chrono::nanoseconds window);

// Until when, by our clock, an id may be sent that a look-up has not found. The log's clock showed
// `log_time` after we asked, so by now it shows at most log_time plus what has passed since.
[[nodiscard]] Monotonic send_until(WallTime above_since, std::chrono::nanoseconds window,
                                   const ClockReading& reading);

} // namespace sealstream
