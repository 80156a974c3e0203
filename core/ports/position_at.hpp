#pragma once

// The place in the log of a moment.

#include "core/ports/event_log.hpp"

namespace sealstream {

// The last position that was ingested at or before `time`; 0 when none was. About 25 reads in a log
// of 30 million events. Ingest times grow with positions, except where a server's clock was set
// back; there it is one of the places where the times pass `time`.
//   corrupt   the log has a hole; and the codes of head() and read_from()
[[nodiscard]] inline boost::asio::awaitable<Result<Position>> position_at(EventLog& log,
                                                                          WallTime time)
{
    SEAL_CO_TRY(head, co_await log.head());
    Position reached{};            // ingested at or before `time`, or 0
    Position beyond = head.next(); // ingested after it, or not yet
    const ReadLimits one{1, 1};
    while (reached.next() < beyond) {
        const Position middle{reached.value + (beyond.value - reached.value) / 2};
        const Position before{middle.value - 1};
        SEAL_CO_TRY(found, co_await log.read_from(before, one));
        if (found.empty() || found.front().position != middle) {
            co_return Error{Errc::corrupt,
                            "the log has no position " + std::to_string(middle.value)};
        }
        (found.front().ingested <= time ? reached : beyond) = middle;
    }
    co_return reached;
}

} // namespace sealstream
