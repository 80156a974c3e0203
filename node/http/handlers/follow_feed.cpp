// GET /v1/feed   (and GET /v1/events with Accept: text/event-stream)
//
// History, then live, as server-sent events; the frames are in event_stream.cpp. Every frame's id
// is a cursor: a client that lost its connection sends it as Last-Event-ID and misses nothing.
// ?after=<position>|head   where to begin; Last-Event-ID wins; 0 or nothing: from the first event
// ?type= (repeatable, prefix.*) &stream_type= &stream=type/id &source= &actor= &category=
//
//   200  text/event-stream, until the client or the node ends it
//   400  a parameter is unknown or malformed, or the cursor lies beyond the head: it belongs to
//   another ledger 503  the log does not answer

#include "node/http/admission.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/handlers/streaming.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

Task<Response> follow_feed(RequestContext& request)
{
    auto& services = request.services();
    const auto query = request.query();
    const auto allowed = query ? query->allow_only({"after", "type", "stream_type", "stream",
                                                    "source", "actor", "category", "format"})
                               : Result<void>{query.error()};
    if (!allowed) {
        co_return bad_input(allowed.error());
    }
    const auto format = event_format(request, *query);
    if (!format) {
        co_return bad_input(format.error());
    }
    auto filter = parse_filter(*query);
    if (!filter) {
        co_return bad_input(filter.error());
    }
    const auto admitted = admit_reading(request, filter->stream_type);
    if (!admitted) {
        co_return not_admitted(admitted.error());
    }
    const auto head = co_await services.log.head();
    if (!head) {
        co_return problem(head.error());
    }
    const auto resumed = request.field("last-event-id");
    const auto after = resumed.empty() ? query->get("after") : resumed;
    Position cursor = *head;
    if (after != "head") {
        const auto place = parse_place(after.empty() ? "0" : after);
        if (!place || *place > head->value) {
            co_return bad_input(
                Error{Errc::malformed, place ? "the cursor lies beyond the head of this ledger"
                                             : "a cursor is a position, or \"head\""});
        }
        cursor = Position{*place};
    }
    co_return event_stream(services, cursor, *std::move(filter), *format);
}

} // namespace sealstream::http
