#pragma once

// Answers that are made while they are sent.

#include "node/http/handlers/feed_course.hpp"
#include "node/http/request_context.hpp"

#include <optional>

namespace sealstream::http {

// All events above `after` that fit the filter, as NDJSON, up to the end of the ledger or of the
// stream, or `events_max` of them. The last line is
// {"trailer":{"count":…,"next":…,"sha256":…}} with the digest of all lines before it: a stream that
// was cut has none. One that ends before, because the node stops or its caller's credentials do,
// has the error of a feed (feed_frames.hpp) instead, with the cursor to come back with.
[[nodiscard]] Response ledger_lines(const RequestContext& request, Position after,
                                    FeedFilter filter, std::optional<std::size_t> events_max,
                                    EventFormat format);
[[nodiscard]] Response stream_lines(const RequestContext& request, StreamName stream, Version after,
                                    std::optional<std::size_t> events_max, EventFormat format);

// History, then live, as the body of an answer, in the form that the request asks for: server-sent
// events (WHATWG HTML, 9.2) or lines.
[[nodiscard]] Response feed_answer(RequestContext& request, FeedWish wish);

// Where a feed begins: Last-Event-ID, else `after`; "head" is the last position.
//   malformed   not a cursor, or beyond the head
[[nodiscard]] Task<Result<Position>> feed_cursor(RequestContext& request, std::string_view after);

} // namespace sealstream::http
