#pragma once

// What the numbers of a page count: positions of the ledger, or versions of one stream. Both are
// dense, so what lies before a place is known by arithmetic.

#include "core/async/awaitable.hpp"
#include "core/ports/event_log.hpp"

#include <optional>

namespace sealstream::http {

struct LogSpan {
    EventLog& log;
    std::optional<StreamName> stream{}; // none: the ledger

    // What follows `after`, ascending.   as EventLog::read_from, read_stream
    [[nodiscard]] Task<Result<std::vector<StoredRecord>>> read(std::uint64_t after,
                                                               ReadLimits limits);

    // The `limits.events_max` places below `above`, ascending; where they are larger than
    // `limits.bytes_max`, fewer of them, and always the newest.
    //   unavailable   the log does not have what it had a moment ago: a replica that is behind
    [[nodiscard]] Task<Result<std::vector<StoredRecord>>> read_below(std::uint64_t above,
                                                                     ReadLimits limits);

    // The last place; 0 where there is nothing.
    [[nodiscard]] Task<Result<std::uint64_t>> last();

    // Asked when nothing follows `after`: a cursor from another ledger, or from before a restore,
    // would skip everything up to it in silence.
    //   malformed   `after` is beyond the last place
    //   not_found   the stream has no events
    [[nodiscard]] Task<Result<void>> check_cursor(std::uint64_t after);
};

} // namespace sealstream::http
