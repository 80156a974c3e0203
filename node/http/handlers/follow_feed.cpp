// GET /v1/feed   (and GET /v1/events with Accept: text/event-stream)
//
// History, then live, from one cursor, over whichever transport the client asks for; the frames are
// in feed_frames.hpp. Every frame carries a cursor: a client that lost its connection comes back
// with it, over the same transport or another, and misses nothing.
//
//   nothing, or Accept: text/event-stream   server-sent events; Last-Event-ID wins over ?after
//   Accept: application/x-ndjson            lines
//   Upgrade: websocket                      messages; feed_socket.hpp
//
// ?after=<position>|head   where to begin; 0 or nothing: from the first event
// ?type=A,B (repeatable, prefix.*) &stream_type= &stream=type/id &source= &actor= &category=
//  &from= &to=             the event's own time, else its ingest time; from inclusive, to exclusive
// ?format=cloudevents      the event in each frame is a CloudEvent
// ?credit=<events>         WebSocket only
//
//   101  WebSocket
//   200  until the client or the node ends it
//   400  a parameter is unknown or malformed, or the cursor lies beyond the head: it belongs to
//        another ledger
//   403, 426  as accept_socket
//   503  the log does not answer

#include "node/http/admission.hpp"
#include "node/http/handlers/feed_socket.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/handlers/streaming.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

Task<Result<Position>> feed_cursor(RequestContext& request, std::string_view after)
{
    const auto resumed = request.field("last-event-id");
    const std::string wanted{resumed.empty() ? after : resumed};
    const auto head = co_await request.services().log.head();
    if (!head || wanted == "head") {
        co_return head;
    }
    const auto place = parse_place(wanted.empty() ? "0" : wanted);
    if (!place || *place > head->value) {
        co_return Error{Errc::malformed, place ? "the cursor lies beyond the head of this ledger"
                                               : "a cursor is a position, or \"head\""};
    }
    co_return Position{*place};
}

constexpr std::string_view feed_parameters{
    "after format type* stream_type stream source actor category from to"};
constexpr std::string_view socket_parameters{
    "after format type* stream_type stream source actor category from to credit"};

Task<Response> follow_feed(RequestContext& request)
{
    auto& services = request.services();
    const bool is_socket = wants_socket(request);
    const auto query = request.query();
    // Narrower than the routes that lead here.
    const auto checked = query ? query->check(is_socket ? socket_parameters : feed_parameters)
                               : Result<void>{query.error()};
    if (!checked) {
        co_return bad_input(checked.error());
    }
    const auto format = event_format(request, *query);
    if (!format) {
        co_return bad_input(format.error());
    }
    auto filter = parse_filter(*query);
    const auto credit = query->number("credit", services.feed_options.credit_events_max);
    if (!filter || !credit) {
        co_return bad_input(filter ? credit.error() : filter.error());
    }
    const auto admitted = admit_reading(request, filter->stream_type);
    if (!admitted) {
        co_return not_admitted(admitted.error());
    }
    const auto cursor = co_await feed_cursor(request, query->get("after"));
    if (!cursor) {
        co_return cursor.error().code == Errc::malformed ? bad_input(cursor.error())
                                                         : problem(cursor.error());
    }
    if (!is_socket) {
        co_return feed_answer(request,
                              {request.caller_ptr(), *cursor, *std::move(filter), *format});
    }
    auto response = accept_socket(request);
    if (response.status == 101) {
        FeedSocket::Start start;
        start.wish = {request.caller_ptr(), *cursor, *std::move(filter), *format};
        if (*credit) {
            start.credit = static_cast<std::size_t>(**credit);
        }
        response.upgrade = std::make_unique<FeedSocket>(services, std::move(start));
    }
    co_return response;
}

} // namespace sealstream::http
