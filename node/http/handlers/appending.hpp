#pragma once

// What all ways to append share.

#include "node/http/event_input.hpp"
#include "node/http/packs/guard_stage.hpp"
#include "node/http/request_context.hpp"

namespace sealstream::http {

// If-Match: "<version>" or *, If-None-Match: *; or Kurrent-ExpectedVersion, which counts from 0:
// n is our version n + 1, -1 is absent, -2 any, -4 present.
//   malformed   both, several, weak tags, or anything else
[[nodiscard]] Result<Expected> parse_conditions(const RequestContext& request);

// For requests that are about several streams: none of those header fields may be there, because
// one that is not looked at would be believed to hold.   malformed
[[nodiscard]] Result<void> refuse_conditions(const RequestContext& request);

// The Idempotency-Key of the request; empty when there is none.   bad_name
[[nodiscard]] Result<std::string> idempotency_key(const RequestContext& request);

// In whose name events are appended, and under which key.
struct Author {
    std::string source;
    std::string key;
};
//   as RequestContext::source() and idempotency_key()
[[nodiscard]] Result<Author> author_of(const RequestContext& request);

// Appends, measures and counts.
[[nodiscard]] Task<Result<Appended>> append_counted(Services& services, AppendRequest request,
                                                    Appender appender);

// {"id":…,"position":"7","version":"3"} without braces, so that more members may follow.
void append_placed_members(std::string& to, const Placed& placed);

// The same as an element of an array that has been opened.
void append_placed(std::string& to, const Placed& placed);

// The answer to an append that has happened: 201, or the same again as a replay.
[[nodiscard]] Response created(const Appended& appended, const Services& services);

// An append that the log or a stage before it has refused; projection_behind says how far.
[[nodiscard]] Response append_problem(const Services& services, Error error);

// 412 with where the stream is, and the events that the client has not seen; other errors as they
// are.
[[nodiscard]] Task<Response> append_refused(Services& services, StreamName stream,
                                            Expected expected, Error error);

} // namespace sealstream::http
