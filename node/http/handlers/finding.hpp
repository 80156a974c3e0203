#pragma once

// Pages of events that fit a filter, read from the log itself (the index only shortens the way), so
// what was appended before is found, and the cursor skips nothing.

#include "node/feeds/feed_event.hpp"
#include "node/feeds/feed_filter.hpp"
#include "node/http/services.hpp"

namespace sealstream::http {

struct FindWish {
    Position after{};
    FeedFilter filter{};
    std::size_t events_max{100};
    std::chrono::milliseconds wait{0}; // for the first event, when there is none yet
};

struct Found {
    std::vector<FeedEventPtr> events; // ascending
    Position next{};                  // the `after` of what follows
    bool is_caught_up{false};         // nothing followed, by the log's leader, when this was read
};

// Large events end a page early (page_bytes_max), and so does a filter that matches rarely: after
// find_longest, or after its wait when that is longer, with its cursor moved on.
inline constexpr std::chrono::seconds find_longest{2};

//   corrupt, unavailable   as EventLog::read_from
[[nodiscard]] Task<Result<Found>> find_events(Services& services, FindWish wish);

// The newest events up to `head` that fit, ascending, at most `count` of them, none left out
// between them. Without an index, or with one that is further behind, it looks back over
// newest_look_back events and no further.
inline constexpr std::uint64_t newest_look_back = 10'000;
[[nodiscard]] Task<Result<std::vector<FeedEventPtr>>>
find_newest(Services& services, Position head, FeedFilter filter, std::size_t count);

} // namespace sealstream::http
