#pragma once

// History for one subscriber, from its cursor on, in order and without a hole. It reads the log in
// pages; once a page has shown that matches are rare, the event index names their positions and
// only those records are read. The index never decides what an event is: records come from the log
// and meet the filter again. Where the index is behind or away, pages go on.

#include "core/async/awaitable.hpp"
#include "core/ports/event_index.hpp"
#include "core/ports/event_log.hpp"
#include "node/feeds/feed_event.hpp"
#include "node/feeds/feed_filter.hpp"

#include <deque>

namespace sealstream {

// The filter as the event index understands it.
[[nodiscard]] EventQuery index_query(const FeedFilter& filter);

// The record at a position that the index has named.
//   unavailable   a replica of the log that is behind does not show it yet
//   corrupt       the log does not have it: it is older than the index
[[nodiscard]] Task<Result<StoredRecord>> read_indexed(EventLog& log, Position position);

struct CatchUpLimits {
    std::size_t events_max{1000};
    std::size_t bytes_max{256 << 10};
};

class CatchUp {
public:
    // `index` may be null; `filter` outlives this.
    CatchUp(EventLog& log, EventIndex* index, const FeedFilter& filter)
        : log_{log},
          index_{index},
          filter_{filter}
    {
    }

    // Adds what matches next, and returns up to where everything has been looked at: `cursor`
    // itself at the end of the log.
    //   corrupt       the log has a hole, or the index knows an event that the log does not have
    //   unavailable   the log does not answer
    [[nodiscard]] Task<Result<Position>> next(Position cursor, CatchUpLimits limits,
                                              std::vector<FeedEventPtr>& to);

    [[nodiscard]] std::uint64_t records_read() const noexcept { return records_read_; }

private:
    [[nodiscard]] Task<Result<Position>> next_page(Position cursor, CatchUpLimits limits,
                                                   std::vector<FeedEventPtr>& to);
    [[nodiscard]] Task<void> look_ahead(Position cursor);
    [[nodiscard]] Task<Result<Position>> take_known(Position cursor, CatchUpLimits limits,
                                                    std::vector<FeedEventPtr>& to);

    EventLog& log_;
    EventIndex* index_;
    const FeedFilter& filter_;
    std::deque<Position> known_; // matches that the index names, ascending
    Position horizon_{};         // no match at or below it but those
    std::uint64_t records_read_{0};
    bool is_sparse_{false}; // the last page had hardly a match
};

} // namespace sealstream
