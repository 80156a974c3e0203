// GET /events: for consumers that tail the ledger by one number.
//
// ?since=<position>    events above it, in order; when there are none yet, waits for them
//                      (?wait=<seconds>, 30 without). The next since is `next`. Nothing is missed.
//                      {"events":[…],"next":"<position>","is_caught_up":…}
// nothing              the newest events, newest first: {"events":[…]}
// &limit= &type= &stream_type= &stream= &source= &actor= &category= &start_time= &end_time=
//                      start_time is inclusive, end_time exclusive
//
//   200 · 400  a parameter is unknown or malformed, or the cursor is beyond the head
//   503  the log or the index does not answer, or nothing is at min-position yet

#include "node/feeds/event_json.hpp"
#include "node/http/admission.hpp"
#include "node/http/handlers/finding.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/log_span.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

namespace {

constexpr std::chrono::seconds usual_wait{30};

struct TailWish {
    std::optional<std::uint64_t> since;
    std::size_t events_max{0};
    std::chrono::milliseconds wait{0};
    Position min_position{};
    bool is_lenient{false};
    FeedFilter filter;
};

Result<TailWish> parse_tail(const RequestContext& request)
{
    SEAL_TRY(query, request.query());
    SEAL_TRY(page, parse_page(request, query));
    SEAL_TRY(since, query.number("since", std::numeric_limits<std::int64_t>::max()));
    SEAL_TRY(filter, parse_filter(query));
    SEAL_TRY(from, parse_time(query, "start_time"));
    SEAL_TRY(to, parse_time(query, "end_time"));
    filter.from_time = from;
    filter.to_time = to;
    const std::chrono::seconds most = request.services().limits.wait_max;
    const bool has_wish = query.has("wait") || request.preferred_wait().count() != 0;
    TailWish wish{since,           page.events_max,  page.wait, page.min_position,
                  page.is_lenient, std::move(filter)};
    if (!has_wish) {
        wish.wait = std::min(usual_wait, most);
    }
    return wish;
}

void append_events(std::string& to, const std::vector<FeedEventPtr>& events)
{
    to.append("{\"events\":[");
    for (const FeedEventPtr& event : events) {
        to.append(to.back() == '[' ? "" : ",");
        append_event_json(to, event->position(), event->ingested(), event->event());
    }
    to.push_back(']');
}

Task<Response> newest(Services& services, TailWish wish)
{
    const auto head = co_await services.log.head();
    if (!head) {
        co_return problem(head.error());
    }
    auto events = co_await find_newest(services, *head, std::move(wish.filter), wish.events_max);
    if (!events) {
        co_return problem(events.error());
    }
    std::reverse(events->begin(), events->end());
    std::string body;
    append_events(body, *events);
    co_return json_ok(body.append("}\n"));
}

} // namespace

Task<Response> tail_events(RequestContext& request)
{
    auto& services = request.services();
    auto wish = parse_tail(request);
    if (!wish) {
        co_return bad_input(wish.error());
    }
    const auto admitted = admit_reading(request, wish->filter.stream_type);
    if (!admitted) {
        co_return not_admitted(admitted.error());
    }
    auto reach = co_await reach_log(services, wish->min_position, wish->is_lenient, wish->wait);
    if (reach.refusal) {
        co_return *std::move(reach.refusal);
    }
    if (!wish->since) {
        co_return co_await newest(services, *std::move(wish));
    }
    LogSpan ledger{services.log};
    const auto checked = co_await ledger.check_cursor(*wish->since);
    if (!checked) {
        co_return read_problem(checked.error());
    }
    FindWish find{Position{*wish->since}, std::move(wish->filter), wish->events_max, wish->wait};
    const auto found = co_await find_events(services, std::move(find));
    if (!found) {
        co_return problem(found.error());
    }
    std::string body;
    append_events(body, found->events);
    body.append(",\"next\":\"").append(std::to_string(found->next.value));
    body.append("\",\"is_caught_up\":").append(found->is_caught_up ? "true" : "false");
    co_return json_ok(body.append("}\n"));
}

} // namespace sealstream::http
