// The ledger under the names that many event-sourced applications know (aggregate_json.hpp).
//
// GET /ws/events?event_types=A,B
//   A WebSocket. First the newest 15 events that fit, on every connect; then what happens. Each
//   message is one event and nothing else; a ping goes out where /v1/feed has a heartbeat. Events
//   may come twice across connects: clients tell them by id.
//   101, 400, 403, 426  as accept_socket · 503  the log does not answer
//
// GET /api/v1/events?aggregate_id=&from=&to=&limit=&after=
//   Raw events in the order of the ledger: {"events":[…],"next":"<after of the following page>",
//   "is_caught_up":…}. from is inclusive, to exclusive. For administrators.
//   200 · 400  a parameter is unknown or malformed · 503

#include "node/feeds/aggregate_json.hpp"
#include "node/http/admission.hpp"
#include "node/http/handlers/feed_socket.hpp"
#include "node/http/handlers/finding.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

namespace {

constexpr std::size_t replayed_events = 15;

} // namespace

Task<Response> follow_aggregates(RequestContext& request)
{
    auto& services = request.services();
    const auto query = request.query();
    if (!query) {
        co_return bad_input(query.error());
    }
    FeedFilter filter;
    const auto types = parse_types(query->all("event_types"));
    if (!types) {
        co_return bad_input(types.error());
    }
    filter.types = *types;
    const auto admitted = admit_reading(request, {});
    if (!admitted) {
        co_return not_admitted(admitted.error());
    }
    auto response = accept_socket(request);
    if (response.status != 101) {
        co_return response;
    }
    // The newest up to the head, then everything above it: nothing falls between.
    const auto head = co_await services.log.head();
    if (!head) {
        co_return problem(head.error());
    }
    const auto newest = co_await find_newest(services, *head, filter, replayed_events);
    if (!newest) {
        co_return problem(newest.error());
    }
    FeedSocket::Start start;
    start.framing = FeedFraming::aggregate;
    start.wish.caller = request.caller_ptr();
    start.wish.after = *head;
    start.wish.filter = std::move(filter);
    for (const FeedEventPtr& event : *newest) {
        start.first.push_back(shared_text(event, FeedForm::aggregate));
    }
    response.upgrade = std::make_unique<FeedSocket>(services, std::move(start));
    co_return response;
}

Task<Response> read_aggregates(RequestContext& request)
{
    auto& services = request.services();
    const auto query = request.query();
    if (!query) {
        co_return bad_input(query.error());
    }
    const auto page = parse_page(request, *query);
    auto filter = parse_filter(*query);
    if (!page || !filter) {
        co_return bad_input(page ? filter.error() : page.error());
    }
    filter->stream_id = query->get("aggregate_id");
    FindWish wish{Position{page->after}, *std::move(filter), page->events_max, {}};
    const auto found = co_await find_events(services, std::move(wish));
    if (!found) {
        co_return problem(found.error());
    }
    std::string body{"{\"events\":["};
    for (const FeedEventPtr& event : found->events) {
        body.append(body.back() == '[' ? "" : ",");
        append_aggregate_json(body, event->ingested(), event->event());
    }
    body.append("],\"next\":\"").append(std::to_string(found->next.value));
    body.append("\",\"is_caught_up\":").append(found->is_caught_up ? "true" : "false");
    co_return json_ok(body.append("}\n"));
}

} // namespace sealstream::http
