// GET /v1/rejections    ?type= &source= &from= &to= &before= &limit=
//
//   200  events that rules have kept out of the log, newest first, with the rule and the reason.
//        "next" is the `before` of the following page.
//   400  malformed      503 the forensic log is away, or this node has none

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

namespace {

constexpr std::uint64_t number_max = ~std::uint64_t{0} >> 1;

Result<RejectionQuery> parse(const RequestContext& request)
{
    SEAL_TRY(query, request.query());
    const auto& limits = request.services().limits;
    SEAL_TRY(limit, query.number("limit", limits.page_events_max));
    SEAL_TRY(before, query.number("before", number_max));
    SEAL_TRY(from, parse_time(query, "from"));
    SEAL_TRY(to, parse_time(query, "to"));
    RejectionQuery wanted;
    wanted.events_max = static_cast<std::size_t>(limit.value_or(limits.page_events));
    if (wanted.events_max == 0) {
        return Error{Errc::malformed, "limit is at least 1"};
    }
    wanted.before = before.value_or(0);
    wanted.type = query.get("type");
    wanted.source = query.get("source");
    wanted.from_time = from;
    wanted.to_time = to;
    return wanted;
}

void append_member(std::string& to, std::string_view name, std::string_view text)
{
    to.append(",\"").append(name).append("\":");
    append_canonical_string(to, text);
}

void append_rejection(std::string& to, const RejectedEvent& event)
{
    to.append("{\"number\":\"").append(std::to_string(event.number));
    to.append("\",\"at\":\"").append(to_rfc3339(event.at)).append("\"");
    append_member(to, "code", event.code);
    append_member(to, "rule", event.rule);
    append_member(to, "reason", event.reason);
    to.append(",\"event\":{\"id\":\"").append(event.id.to_string()).append("\"");
    append_member(to, "type", event.type);
    append_member(to, "stream", event.stream.to_string());
    append_member(to, "source", event.source);
    if (!event.actor.empty()) {
        append_member(to, "actor", event.actor);
    }
    if (!event.key.empty()) {
        append_member(to, "key", event.key);
    }
    append_member(to, "data_sha256", to_hex(event.data_digest.view()));
    to.append(",\"data_bytes\":").append(std::to_string(event.data_bytes));
    append_member(to, "data_text", event.data);
    to.append("}}");
}

} // namespace

Task<Response> list_rejections(RequestContext& request)
{
    auto& services = request.services();
    const auto wanted = parse(request);
    if (!wanted) {
        co_return bad_input(wanted.error());
    }
    if (services.rejections == nullptr) {
        co_return not_here("forensic log");
    }
    const auto events = co_await services.rejections->query(*wanted);
    if (!events) {
        co_return problem(events.error());
    }
    std::string body{"{\"rejections\":["};
    for (const RejectedEvent& event : *events) {
        body.append(body.back() == '[' ? "" : ",");
        append_rejection(body, event);
    }
    body.push_back(']');
    if (events->size() == wanted->events_max) {
        body.append(",\"next\":\"").append(std::to_string(events->back().number)).append("\"");
    }
    body.append("}\n");
    co_return json_ok(std::move(body));
}

} // namespace sealstream::http
