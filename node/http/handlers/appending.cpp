#include "node/http/handlers/appending.hpp"

#include "node/http/conflict_report.hpp"
#include "node/http/handlers/append_once.hpp"
#include "node/http/handlers/node_json.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

namespace {

AppendResult classify(const Result<Appended>& outcome)
{
    if (outcome) {
        return outcome->is_repeat ? AppendResult::duplicate : AppendResult::ok;
    }
    const Errc code = outcome.error().code;
    if (code == Errc::conflict || code == Errc::key_reuse) {
        return AppendResult::conflict;
    }
    if (code == Errc::outcome_unknown) {
        return AppendResult::unknown;
    }
    const auto& row = info(code);
    if (row.is_retryable) {
        return AppendResult::unavailable;
    }
    if (row.http_status == 401 || row.http_status == 403) {
        return AppendResult::denied;
    }
    return row.http_status < 500 ? AppendResult::invalid : AppendResult::error;
}

// reference: KurrentDB's header of the same name. Its numbers count events from 0.
Result<Expected> from_kurrent(std::string_view text)
{
    if (text == "-1") {
        return Expected{Expected::Kind::absent, {}};
    }
    if (text == "-2") {
        return Expected{};
    }
    if (text == "-4") {
        return Expected{Expected::Kind::present, {}};
    }
    const auto number = parse_place(text);
    if (!number) {
        return Error{Errc::malformed, "Kurrent-ExpectedVersion is a number from 0, -1, -2 or -4"};
    }
    return Expected{Expected::Kind::version, Version{*number}.next()};
}

constexpr std::array condition_fields{"if-match", "if-none-match", "kurrent-expectedversion"};

} // namespace

Result<void> refuse_conditions(const RequestContext& request)
{
    for (const auto* name : condition_fields) {
        if (request.head().has_field(name)) {
            return Error{Errc::malformed, "a condition in the header is about one stream: "
                                          "POST /v1/streams/{type}/{id}/events; of several, "
                                          "POST /v1/transactions has them in its body"};
        }
    }
    return {};
}

Result<Expected> parse_conditions(const RequestContext& request)
{
    const auto& head = request.head();
    for (const auto* name : condition_fields) {
        if (head.has_field(name) && head.field(name).empty()) { // a variable that was not set?
            return Error{Errc::malformed, "a condition must not be empty"};
        }
    }
    const auto match = head.field("if-match");
    const auto none_match = head.field("if-none-match");
    const auto kurrent = head.field("kurrent-expectedversion");
    if (match.empty() && none_match.empty() && kurrent.empty()) {
        return Expected{};
    }
    if (head.count("if-match") + head.count("if-none-match") +
            head.count("kurrent-expectedversion") >
        1) {
        return Error{Errc::malformed, "one condition at most: If-Match, If-None-Match or "
                                      "Kurrent-ExpectedVersion"};
    }
    if (!kurrent.empty()) {
        return from_kurrent(kurrent);
    }
    if (none_match == "*") {
        return Expected{Expected::Kind::absent, {}};
    }
    if (match == "*") {
        return Expected{Expected::Kind::present, {}};
    }
    const bool is_tag = match.size() > 2 && match.front() == '"' && match.back() == '"';
    const auto version = parse_place(is_tag ? match.substr(1, match.size() - 2) : "");
    if (!version) {
        return Error{Errc::malformed,
                     "a condition is If-Match: \"<version>\", If-Match: * or If-None-Match: *"};
    }
    return Expected{Expected::Kind::version, Version{*version}};
}

Result<std::string> idempotency_key(const RequestContext& request)
{
    std::string_view key = request.field("idempotency-key");
    if (key.empty() && request.head().has_field("idempotency-key")) {
        return Error{Errc::malformed, "Idempotency-Key must not be empty"};
    }
    // The IETF draft has it quoted, most clients send it bare.
    if (key.size() > 2 && key.front() == '"' && key.back() == '"') {
        key = key.substr(1, key.size() - 2);
    }
    constexpr std::size_t suffix_bytes = 10; // "#1000/1000" in arrays
    if (!key.empty() && (key.size() + suffix_bytes > label_bytes_max || !check_label(key))) {
        return Error{Errc::bad_name, "Idempotency-Key is 1 to " +
                                         std::to_string(label_bytes_max - suffix_bytes) +
                                         " bytes of text without control characters"};
    }
    return std::string{key};
}

Result<Author> author_of(const RequestContext& request)
{
    SEAL_TRY(source, request.source());
    SEAL_TRY(key, idempotency_key(request));
    return Author{std::move(source), std::move(key)};
}

Task<Result<Appended>> append_counted(Services& services, AppendRequest request, Appender appender)
{
    const std::size_t events = request.events();
    std::size_t bytes = 0;
    for (const StreamAppend& append : request.appends) {
        for (const Draft& draft : append.drafts) {
            bytes += draft.data.size() + draft.meta.size();
        }
    }
    const auto began = services.clock.monotonic();
    auto outcome = co_await append_once(services, std::move(request), std::move(appender));
    services.metrics.appended(classify(outcome), events, bytes, services.clock.monotonic() - began);
    if (outcome && outcome->is_repeat) {
        services.metrics.replayed();
    }
    co_return outcome;
}

void append_placed_members(std::string& to, const Placed& placed)
{
    to.append("\"id\":\"").append(placed.id.to_string());
    to.append("\",\"position\":\"").append(std::to_string(placed.position.value));
    to.append("\",\"version\":\"").append(std::to_string(placed.version.value)).append("\"");
}

void append_placed(std::string& to, const Placed& placed)
{
    to.append(to.back() == '[' ? "{" : ",{");
    append_placed_members(to, placed);
    to.push_back('}');
}

Response created(const Appended& appended, const Services& services)
{
    Response response;
    response.status = 201;
    std::string& body = response.body;
    body.reserve(appended.events.size() * 112 + 96);
    body.append("{\"events\":[");
    for (const Placed& placed : appended.events) {
        append_placed(body, placed);
    }
    body.append("],\"durability\":").append(durability_json(services.log.durability()));
    body.append("}\n");

    const Placed& first = appended.events.front();
    const Placed& last = appended.events.back();
    response.header("Location",
                    services.base_path +
                        (appended.events.size() == 1
                             ? "/v1/events/" + first.id.to_string()
                             : "/v1/streams/" + percent_encode(first.stream.type) + "/" +
                                   percent_encode(first.stream.id) +
                                   "/events?after=" + std::to_string(first.version.value - 1) +
                                   "&limit=" + std::to_string(appended.events.size())));
    response.header("ETag", "\"" + std::to_string(last.version.value) + "\"");
    response.header("Sealstream-Position", std::to_string(last.position.value));
    response.header("Cache-Control", "no-store");
    if (appended.is_repeat) {
        response.header("Idempotency-Replayed", "true");
    }
    return response;
}

Response append_problem(const Services& services, Error error)
{
    auto response = problem(std::move(error));
    if (response.problem->error.code == Errc::refused) { // by a guard, in its own words
        response.problem->explanation = response.problem->error.context;
    }
    const bool is_of_guard = response.problem->error.context.starts_with("guard ");
    if (response.problem->error.code == Errc::projection_behind && is_of_guard) {
        response.problem->explanation = "The read model that a guard looks at has not folded the "
                                        "stream yet. Nothing was appended.";
    } else if (response.problem->error.code == Errc::projection_missing && is_of_guard) {
        response.problem->explanation = "The tables that a guard looks at are not made yet: is a "
                                        "projector running? Nothing was appended.";
    } else if (response.problem->error.code == Errc::projection_behind &&
               services.id_lookup != nullptr) {
        const auto& lag = services.id_lookup->lag();
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(lag.age).count();
        response.problem->explanation =
            "Whether this is a repeat can not be told: the index of ids has not caught up with the "
            "log. Appends without a key or an id of their own are not affected.";
        response.problem->members = "\"position\":\"" + std::to_string(lag.reached.value) +
                                    "\",\"lag_events\":\"" +
                                    std::to_string(lag.head.value - lag.reached.value) +
                                    "\",\"lag_seconds\":" + std::to_string(seconds);
    }
    return response;
}

Task<Response> append_refused(Services& services, StreamName stream, Expected expected, Error error)
{
    auto response = append_problem(services, std::move(error));
    if (response.problem->error.code != Errc::conflict) {
        co_return response;
    }
    std::size_t events_max = services.limits.conflict_events_max;
    StreamCheck stated{std::move(stream), expected};
    auto now = co_await describe_stream(services, std::move(stated), events_max);
    if (now) { // else the refusal stands; only its details are missing
        response.problem->members = std::move(now->members);
        response.header("ETag", "\"" + std::to_string(now->head.version.value) + "\"");
    }
    co_return response;
}

} // namespace sealstream::http
