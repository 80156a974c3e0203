#pragma once

// Answers that are made while they are sent.

#include "node/feeds/event_json.hpp"
#include "node/feeds/feed_filter.hpp"
#include "node/http/request_context.hpp"

#include <optional>

namespace sealstream::http {

// All events above `after`, as NDJSON, up to the end of the ledger or of the stream, or
// `events_max` of them. The last line is {"trailer":{"count":…,"next":…,"sha256":…}} with the
// digest of all lines before it: a stream that was cut has none.
[[nodiscard]] Response ledger_lines(Services& services, Position after,
                                    std::optional<std::size_t> events_max, EventFormat format);
[[nodiscard]] Response stream_lines(Services& services, StreamName stream, Version after,
                                    std::optional<std::size_t> events_max, EventFormat format);

// Server-sent events (WHATWG HTML, 9.2). See handlers/follow_feed.cpp for the frames.
[[nodiscard]] Response event_stream(Services& services, Position after, FeedFilter filter,
                                    EventFormat format);

} // namespace sealstream::http
