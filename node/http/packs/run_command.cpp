// A command of a pack: from its route to events, all or none of them.
//
//   201  (or the status that the pack says) appended; the body is the pack's, else an append's
//   400  a parameter or the body lacks something; a condition in the header: the command has its
//   own 409  refused: a guard says no, with "violations" 412  the condition of the command does not
//   hold 415  a body that is not application/json 422  body_invalid: the body is not as its schema
//   says
//
// and whatever an append answers: 403, 422, 428, 503, 507.

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/record_codecs.hpp"
#include "node/http/append_admission.hpp"
#include "node/http/handlers/appending.hpp"
#include "node/http/packs/command_events.hpp"
#include "node/http/packs/json_output.hpp"
#include "node/http/packs/pack_handlers.hpp"
#include "node/http/packs/pack_reads.hpp"
#include "node/http/problem.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace sealstream::http {

namespace {

namespace json = boost::json;

// What the command is told.
struct Told {
    ParameterValues values;
    json::object scope;
    std::string source;
    std::string key;
    std::string body{"null"}; // canonical
};

Response body_refused(const std::vector<SchemaFault>& faults)
{
    auto response = refusal(422, "body_invalid",
                            "The body is not what this command takes: " + faults.front().pointer +
                                " " + faults.front().message + ".");
    append_faults(response.problem->errors, faults, {});
    return response;
}

// The body, where the command takes one; a response where it is refused.
Result<json::value> parse_command_body(const RequestContext& request,
                                       std::optional<Response>& refused)
{
    const PackEndpoint& endpoint = *request.endpoint;
    if (!endpoint.body_schema) {
        return json::value{};
    }
    if (request.content_type() != json_type) {
        refused = refusal(415, "unsupported_media_type", "Send application/json.");
        return json::value{};
    }
    const Limits& limits = request.services().limits;
    SEAL_TRY(body, parse_json(request.body, {limits.json_depth_max, limits.body_bytes_max}));
    const auto faults = endpoint.body_schema->validate(body);
    if (!faults.empty()) {
        refused = body_refused(faults);
    }
    return body;
}

Result<Told> listen(const RequestContext& request, const Query& query, const json::value& body)
{
    const PackEndpoint& endpoint = *request.endpoint;
    const PackCommand& command = *endpoint.command;
    Told told;
    SEAL_TRY_VOID(refuse_conditions(request));
    SEAL_TRY(source, request.source());
    told.source = std::move(source);
    SEAL_TRY(values, parse_parameters(request, query, command.parameters, {}));
    told.values = std::move(values);
    told.scope = make_scope(request, endpoint.pack(), told.values);
    if (endpoint.body_schema) {
        told.scope["body"] = body;
        told.body = to_canonical_json(body);
    }
    SEAL_TRY(key, idempotency_key(request));
    if (key.empty() && command.key) {
        SEAL_TRY(own, command.key->render_text(told.scope));
        SEAL_TRY_VOID(check_label(own));
        key = std::move(own);
    }
    told.key = std::move(key);
    // A repeat must mean the same new thing.
    const EventId fresh = told.key.empty() ? request.services().ids.next()
                                           : id_of_key(told.source, "{uuid} of " + told.key);
    told.scope["uuid"] = fresh.to_string();
    return told;
}

Task<Result<CommandPlan>> plan(const RequestContext& request, const Told& told)
{
    const PackEndpoint& endpoint = *request.endpoint;
    auto& services = request.services();
    const PackCommand& command = *endpoint.command;
    if (!command.events.empty()) {
        co_return plan_events(endpoint.pack(), command, told.scope, services.limits);
    }
    if (endpoint.of.reader == nullptr) {
        co_return Error{Errc::unavailable, "this node has no read models of packs"};
    }
    auto values = told.values.sql;
    add_caller(values, request, endpoint.pack());
    values.insert_or_assign("body", PackValue{told.body});
    values.insert_or_assign("now", PackValue{to_rfc3339(services.clock.wall())});
    PackQuestion question;
    question.sql = command.sql.text;
    SEAL_CO_TRY(bound, bind_values(command.sql, values));
    question.values = std::move(bound);
    question.rows_max = services.limits.transaction_events_max;
    question.time_max = services.limits.pack_query_time_max;
    SEAL_CO_TRY(rows, co_await endpoint.of.reader->read(std::move(question)));
    co_return plan_rows(endpoint.pack(), rows.rows, services.limits);
}

bool wants_records(const JsonTemplate& response)
{
    const auto& places = response.places();
    return std::any_of(places.begin(), places.end(), [](const std::string& place) {
        return place.ends_with(".hash") || place.ends_with(".prev_hash") ||
               place.ends_with(".hash_before") || place.ends_with(".ingested") ||
               place == "event" || place == "events";
    });
}

json::object event_scope(const Placed& placed, const Draft& draft)
{
    json::object event;
    event["id"] = placed.id.to_string();
    event["type"] = draft.type;
    event["stream"] = placed.stream.to_string();
    event["stream_type"] = placed.stream.type;
    event["stream_id"] = placed.stream.id;
    event["position"] = std::to_string(placed.position.value);
    event["position_number"] = placed.position.value;
    event["version"] = std::to_string(placed.version.value);
    event["version_number"] = placed.version.value;
    event["source"] = draft.source;
    event["actor"] = draft.actor.empty() ? json::value{} : json::value(draft.actor);
    event["time"] = draft.time ? json::value(to_rfc3339(*draft.time)) : json::value{};
    event["key"] = draft.key.empty() ? json::value{} : json::value(draft.key);
    const auto data = parse_json(draft.data, {128, draft.data.size()});
    event["data"] = data ? *data : json::value{};
    const auto meta = draft.meta.empty() ? Result<json::value>{json::value{}}
                                         : parse_json(draft.meta, {128, draft.meta.size()});
    event["meta"] = meta ? *meta : json::value{};
    return event;
}

// What only the record in the log has.
Task<Result<void>> add_records(Services& services, const Appended& appended, json::array& events)
{
    for (std::size_t at = 0; at < appended.events.size(); ++at) {
        const Position before{appended.events[at].position.value - 1};
        const ReadLimits one{1, services.limits.page_bytes_max};
        SEAL_CO_TRY(records, co_await services.log.read_from(before, one));
        if (records.empty()) {
            co_return Error{Errc::unavailable, "the log does not show what it has taken"};
        }
        SEAL_CO_TRY(stored, decode_stored(records.front()));
        auto& event = events[at].as_object();
        event["ingested"] = to_rfc3339(stored.ingested);
        for (const auto& [name, digest] : {std::pair{"hash", stored.event.hash},
                                           std::pair{"prev_hash", stored.event.prev_hash}}) {
            event[name] = digest ? json::value(to_hex(digest->view())) : json::value{};
        }
        event["hash_before"] =
            stored.event.version == Version{1} ? json::value{} : event["prev_hash"];
    }
    co_return Result<void>{};
}

Task<Result<std::string>> make_body(Services& services, const PackCommand& command,
                                    json::object scope, Appended appended,
                                    std::vector<Draft> drafts)
{
    json::array events;
    for (std::size_t at = 0; at < appended.events.size(); ++at) {
        events.push_back(event_scope(appended.events[at], drafts[at]));
    }
    if (wants_records(*command.response)) {
        SEAL_CO_TRY_VOID(co_await add_records(services, appended, events));
    }
    scope["event"] = events.front();
    scope["events"] = std::move(events);
    SEAL_CO_TRY(value, command.response->render(scope));
    std::string body;
    append_json(body, value);
    body.push_back('\n');
    co_return body;
}

Task<Response> append_plan(RequestContext& request, Told told, CommandPlan planned)
{
    auto& services = request.services();
    const PackCommand& command = *request.endpoint->command;
    complete(planned.events, told.source, told.key, services.ids);
    for (EventInput& event : planned.events) {
        request.charge(security::Resource::events, 1);
        if (!request.caller().forced_actor.empty()) {
            event.draft.actor = request.caller().forced_actor;
        }
    }
    auto made = to_append(std::move(planned));
    auto candidates = candidates_in(made.appends);
    const auto admission = co_await admit_events(services, std::move(candidates));
    if (!admission) {
        co_return append_problem(services, admission.error());
    }
    if (!admission->refusals.empty()) {
        co_return refused(admission->refusals, false);
    }
    const bool is_of_one_stream = made.appends.size() == 1;
    std::vector<Draft> drafts; // as they go to the log, in the order of the plan
    if (command.response) {
        std::vector<Draft> all;
        for (const StreamAppend& append : made.appends) {
            all.insert(all.end(), append.drafts.begin(), append.drafts.end());
        }
        for (const std::size_t place : made.order) {
            drafts.push_back(all[place]);
        }
    }
    AppendRequest wanted{std::move(made.appends)};
    wanted.permit = admission->permit;
    auto appender = appender_of(request);
    auto appended = co_await append_counted(services, std::move(wanted), std::move(appender));
    if (!appended) {
        co_return append_problem(services, std::move(appended).error());
    }
    Appended in_order{{}, appended->is_repeat};
    for (const std::size_t place : made.order) {
        in_order.events.push_back(appended->events[place]);
    }
    auto response = created(in_order, services);
    response.status = command.status;
    std::erase_if(response.headers, [is_of_one_stream](const Header& header) {
        return !is_of_one_stream && (header.name == "ETag" || header.name == "Location");
    });
    if (command.response) {
        auto body = co_await make_body(services, command, std::move(told.scope),
                                       std::move(in_order), std::move(drafts));
        if (!body) {
            // It has happened; what is asked for can not be shown. A repeat with the same key can.
            co_return problem(Error{Errc::outcome_unknown, describe(body.error())});
        }
        response.body = *std::move(body);
    }
    co_return response;
}

} // namespace

Task<Response> run_command(RequestContext& request)
{
    const auto query = request.query();
    if (!query) {
        co_return bad_input(query.error());
    }
    std::optional<Response> body_refusal;
    const auto body = parse_command_body(request, body_refusal);
    if (!body) {
        co_return bad_input(body.error());
    }
    if (body_refusal) {
        co_return *std::move(body_refusal);
    }
    auto told = listen(request, *query, *body);
    if (!told) {
        co_return bad_input(told.error());
    }
    auto planned = co_await plan(request, *told);
    if (!planned && planned.error().code == Errc::malformed) {
        co_return bad_input(planned.error());
    }
    if (!planned) {
        co_return read_problem(*request.endpoint, planned.error());
    }
    if (planned->events.empty()) {
        co_return problem(Error{Errc::not_found, request.endpoint->name + " makes no event of it"});
    }
    co_return co_await append_plan(request, *std::move(told), *std::move(planned));
}

} // namespace sealstream::http
