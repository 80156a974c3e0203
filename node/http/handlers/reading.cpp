#include "node/http/handlers/reading.hpp"

#include "core/cloudevents/cloud_event.hpp"
#include "node/feeds/subscription.hpp"
#include "node/http/index_watch.hpp"
#include "node/http/problem.hpp"

#include <boost/asio/steady_timer.hpp>

namespace sealstream::http {

namespace {

std::string with_cursor(const RequestContext& request, const Query& query, std::uint64_t after)
{
    std::string target{request.head().path()};
    target.append("?after=").append(std::to_string(after));
    for (const auto& [name, value] : query.parameters()) {
        if (name != "after" && name != "min-position") {
            target.append("&").append(percent_encode(name)).append("=");
            target.append(percent_encode(value));
        }
    }
    return target;
}

} // namespace

bool prefers_lenient(const RequestContext& request)
{
    constexpr std::string_view wish = "handling=lenient";
    const auto list = request.field("prefer");
    const auto is_edge = [&list](std::size_t at) {
        return at >= list.size() || list[at] == ',' || list[at] == ' ' || list[at] == ';';
    };
    const auto found = list.find(wish);
    return found != std::string_view::npos && (found == 0 || is_edge(found - 1)) &&
           is_edge(found + wish.size());
}

Result<PageRequest> parse_page(const RequestContext& request, const Query& query)
{
    const Limits& limits = request.services().limits;
    constexpr std::uint64_t place_max = std::numeric_limits<std::int64_t>::max();
    PageRequest page;
    page.events_max = limits.page_events;
    SEAL_TRY(after, query.number("after", place_max));
    SEAL_TRY(limit, query.number("limit", limits.page_events_max));
    SEAL_TRY(wait, query.number("wait", static_cast<std::uint64_t>(limits.wait_max.count())));
    SEAL_TRY(min_position, query.number("min-position", place_max));
    page.after = after.value_or(0);
    if (limit && *limit == 0) {
        return Error{Errc::malformed, "limit is at least 1"};
    }
    page.events_max = static_cast<std::size_t>(limit.value_or(limits.page_events));
    page.wait = wait ? std::chrono::seconds{*wait} : request.preferred_wait();
    page.min_position = Position{min_position.value_or(0)};
    page.is_lenient = prefers_lenient(request);
    const auto direction = query.get("direction");
    page.is_backward = direction == "backward";
    if (!direction.empty() && direction != "forward" && !page.is_backward) {
        return Error{Errc::malformed, "direction is \"forward\" or \"backward\""};
    }
    SEAL_TRY(format, event_format(request, query));
    page.format = format;
    return page;
}

Result<EventId> event_id_of(const RequestContext& request)
{
    const auto text = request.path_parameter("id");
    auto id = text ? EventId::parse(*text) : Result<EventId>{text.error()};
    if (!id) {
        return Error{Errc::malformed, "the id is not a UUID"};
    }
    return id;
}

Result<EventFormat> event_format(const RequestContext& request, const Query& query)
{
    const auto wish = query.get("format");
    if (!wish.empty() && wish != "cloudevents" && wish != "sealstream") {
        return Error{Errc::malformed, "format is \"sealstream\" or \"cloudevents\""};
    }
    const bool is_accepted = wish.empty() && (request.accepts(cloudevents_type) ||
                                              request.accepts(cloudevents_batch_type));
    return wish == "cloudevents" || is_accepted ? EventFormat::cloudevents
                                                : EventFormat::sealstream;
}

Result<FeedFilter> parse_filter(const Query& query)
{
    FeedFilter filter;
    SEAL_TRY(types, parse_types(query.all("type")));
    filter.types = std::move(types);
    filter.source = query.get("source");
    filter.actor = query.get("actor");
    filter.category = query.get("category");
    filter.stream_type = query.get("stream_type");
    if (!filter.stream_type.empty()) {
        SEAL_TRY_VOID(check_stream_type(filter.stream_type));
    }
    if (query.has("stream")) {
        SEAL_TRY(stream, StreamName::parse(query.get("stream")));
        filter.stream_type = std::move(stream.type);
        filter.stream_id = std::move(stream.id);
    }
    SEAL_TRY(from, parse_time(query, "from"));
    SEAL_TRY(to, parse_time(query, "to"));
    filter.from_time = from;
    filter.to_time = to;
    return filter;
}

Result<std::vector<std::string>> parse_types(const std::vector<std::string>& lists)
{
    std::vector<std::string> types;
    for (std::string_view list : lists) {
        while (!list.empty()) {
            const auto type = list.substr(0, list.find(','));
            list.remove_prefix(std::min(type.size() + 1, list.size()));
            if (type.empty()) {
                return Error{Errc::malformed, "a list of types has an empty one"};
            }
            types.emplace_back(type);
        }
    }
    if (types.size() > filter_types_max) {
        return Error{Errc::malformed,
                     "a filter names at most " + std::to_string(filter_types_max) + " types"};
    }
    return types;
}

void append_indexed(std::string& to, EventFormat format, const IndexedEvent& event)
{
    append_event(to, format, event.position, event.ingested, event.event);
    if (event.is_skipped && format == EventFormat::sealstream) {
        to.back() = ',';
        to.append("\"skipped\":true}");
    }
}

Result<std::optional<WallTime>> parse_time(const Query& query, std::string_view name)
{
    if (!query.has(name)) {
        return std::optional<WallTime>{};
    }
    const auto time = from_rfc3339(query.get(name));
    if (!time) {
        return Error{Errc::malformed,
                     "\"" + std::string{name} + "\" must be an RFC 3339 date and time"};
    }
    return std::optional{*time};
}

void may_be_forgotten(Page& page, const EventLog& log, std::size_t expired)
{
    page.may_change = log.encrypts_payloads();
    if (expired != 0) {
        page.tag.append("-x").append(std::to_string(expired));
    }
}

Response page_response(const RequestContext& request, const Query& query, Page page)
{
    const bool is_batch = page.format == EventFormat::cloudevents;
    const std::string tag = "\"" + page.tag + (is_batch ? "-ce" : "") + "\"";
    Response response;
    const bool is_final = page.is_full && !page.may_change;
    set_caching(response, is_final ? Caching::immutable : Caching::revalidate);
    response.header("ETag", tag);
    response.header("Vary", "Accept");
    response.header("Link", "<" + with_cursor(request, query, page.next) + ">; rel=\"next\"");
    if (request.field("if-none-match") == tag) {
        response.status = 304;
        return response;
    }
    std::string& body = response.body;
    body.reserve(page.events.size() + 96);
    if (is_batch) {
        response.content_type = cloudevents_batch_type;
        body.append("[").append(page.events).append("]\n");
        return response;
    }
    body.append("{\"events\":[").append(page.events).append("],\"next\":\"");
    body.append(std::to_string(page.next)).append("\",\"is_caught_up\":");
    body.append(page.is_caught_up ? "true" : "false").append("}\n");
    return response;
}

Task<std::optional<Position>> wait_for_event(Services& services, Position after, FeedFilter filter,
                                             std::chrono::milliseconds wait)
{
    using SteadyClock = std::chrono::steady_clock;
    const auto deadline = SteadyClock::now() + wait;
    services.metrics.subscriber_started(Transport::long_poll);
    Subscription subscription{services.feeds, after, std::move(filter)};
    std::optional<Position> found;
    auto end = FeedEnd::client;
    for (auto left = wait; left.count() > 0 && !found;) {
        FeedStepLimits limits;
        limits.events_max = 1;
        limits.wait = left;
        const auto step = co_await subscription.next(limits);
        if (!step || step->is_closing || step->is_overrun) {
            end = !step ? FeedEnd::error : step->is_closing ? FeedEnd::drain : FeedEnd::slow;
            break;
        }
        if (!step->events.empty()) {
            found = step->events.front()->position();
        }
        left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
    }
    services.metrics.subscriber_ended(Transport::long_poll, end);
    co_return found;
}

Task<Reach> reach_index(Services& services, Position min_position, bool is_lenient,
                        std::chrono::milliseconds wait)
{
    Reach reach;
    if (services.index == nullptr || services.index_watch == nullptr) {
        reach.refusal = not_here("event index");
        co_return reach;
    }
    const auto reached = co_await services.index_watch->reach(min_position, wait);
    if (!reached) {
        reach.refusal = problem(reached.error());
        co_return reach;
    }
    reach.served = *reached;
    if (*reached < min_position && !is_lenient) {
        reach.refusal = co_await projection_behind(services, *reached);
    }
    co_return reach;
}

Task<Reach> reach_log(Services& services, Position min_position, bool is_lenient,
                      std::chrono::milliseconds wait)
{
    using SteadyClock = std::chrono::steady_clock;
    Reach reach;
    if (min_position == Position{}) {
        co_return reach;
    }
    const auto deadline = SteadyClock::now() + wait;
    for (auto left = wait;;) {
        const auto head = co_await services.log.head();
        if (!head) {
            reach.refusal = problem(head.error());
            co_return reach;
        }
        reach.served = *head;
        if (*head >= min_position || left.count() <= 0 || services.stop.requested()) {
            break;
        }
        FeedFilter everything;
        const auto news = co_await wait_for_event(services, *head, std::move(everything), left);
        left = news ? std::chrono::duration_cast<std::chrono::milliseconds>(deadline -
                                                                            SteadyClock::now())
                    : std::chrono::milliseconds{0};
    }
    if (reach.served < min_position && !is_lenient) {
        auto refused = problem(
            Error{Errc::projection_behind, "the log is at " + std::to_string(reach.served.value)});
        refused.problem->explanation =
            "No event has this position yet; wait longer (Prefer: wait).";
        refused.problem->members = "\"position\":\"" + std::to_string(reach.served.value) + "\"";
        reach.refusal = std::move(refused);
    }
    co_return reach;
}

void tell_log_position(Response& response, const Reach& reach, Position min_position)
{
    if (min_position != Position{}) {
        tell_position(response, reach.served, min_position);
    }
}

Response read_problem(Error error)
{
    return error.code == Errc::malformed ? bad_input(std::move(error)) : problem(std::move(error));
}

std::optional<std::size_t> lines_limit(const Query& query, const PageRequest& page)
{
    return query.has("limit") ? std::optional{page.events_max} : std::nullopt;
}

Task<Response> projection_behind(Services& services, Position reached)
{
    auto response = problem(Error{Errc::projection_behind, "at " + std::to_string(reached.value)});
    response.problem->explanation = "The event index has not folded this position yet; wait longer "
                                    "(Prefer: wait), or read the stream itself.";
    std::string& members = response.problem->members;
    members = "\"position\":\"" + std::to_string(reached.value) + "\"";
    const auto head = co_await services.log.head();
    if (!head) {
        co_return response; // the refusal stands; only its details are missing
    }
    members += ",\"lag_events\":\"" +
               std::to_string(head->value - std::min(head->value, reached.value)) + "\"";
    const ReadLimits one{1, services.limits.page_bytes_max};
    const auto waiting = co_await services.log.read_from(reached, one);
    if (waiting) {
        const std::int64_t age = waiting->empty() ? 0
                                                  : services.clock.wall().nanoseconds -
                                                        waiting->front().ingested.nanoseconds;
        members +=
            ",\"lag_seconds\":" + std::to_string(std::max<std::int64_t>(0, age) / 1'000'000'000);
    }
    co_return response;
}

Task<Response> index_problem(Services& services, Error error, Position reached)
{
    if (error.code == Errc::projection_behind) {
        co_return co_await projection_behind(services, reached);
    }
    co_return problem(std::move(error));
}

void tell_position(Response& response, Position served, Position min_position)
{
    response.header("Sealstream-Position", std::to_string(served.value));
    if (served < min_position) {
        response.header("Preference-Applied", "handling=lenient");
    }
}

Response not_here(std::string_view what)
{
    auto response = problem(Error{Errc::unavailable, "this node has no " + std::string{what}});
    response.problem->explanation = "This node runs without the " + std::string{what};
    return response;
}

} // namespace sealstream::http
