// GET    /v1/policies                 200 all emission policies, by event type; ?after=, ?limit=
// GET    /v1/policies/{event_type}    200 with ETag, the policy's version   404 it has none
// PUT    /v1/policies/{event_type}    200 changed, or so already   201 new
// DELETE /v1/policies/{event_type}    204 removed   404 there was none
//
// And the same as a table with a column for each class of sources (policy_json.hpp):
// GET, PUT /api/v1/admin/event-emission-policies/{event_type}, GET the whole table.
//
// An edit is appended to the log as EventEmissionPolicyUpdated, then holds; it holds on this node
// before it is answered. If-Match: "<version>" or *, If-None-Match: * are its conditions.
//   400  malformed, bad_name, with a pointer     409 too many policies
//   412  the policy is at another version        503 outcome_unknown, unavailable: repeat it

#include "core/event/canonical_json.hpp"
#include "node/http/handlers/appending.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/policy_json.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/problem.hpp"
#include "node/rules/policy_editor.hpp"

namespace sealstream::http {

namespace {

Result<std::string> policy_type_of(const RequestContext& request)
{
    SEAL_TRY(type, request.path_parameter("event_type"));
    SEAL_TRY_VOID(check_event_type(type));
    return type;
}

std::string version_tag(Version version)
{
    return "\"" + std::to_string(version.value) + "\"";
}

Response no_policy()
{
    return bad_input(Error{Errc::not_found, "This event type has no emission policy"});
}

using RowForm = void (*)(std::string& to, std::string_view type, const EmissionRow& row,
                         const PolicyOptions& options);

void full_row(std::string& to, std::string_view type, const EmissionRow& row, const PolicyOptions&)
{
    append_policy_row(to, type, row);
}

void class_row(std::string& to, std::string_view type, const EmissionRow& row,
               const PolicyOptions& options)
{
    append_class_row(to, type, *row.policy, options);
}

Response show_row(const Rulebook& rules, std::string_view type, RowForm form,
                  const PolicyOptions& options)
{
    const auto* row = rules.emission.find(type);
    if (row == nullptr || !row->policy) {
        return no_policy();
    }
    std::string body;
    form(body, type, *row, options);
    body.push_back('\n');
    auto response = json_ok(std::move(body));
    response.header("ETag", version_tag(row->version));
    return response;
}

Response show_one(RequestContext& request, RowForm form)
{
    auto& services = request.services();
    const auto type = policy_type_of(request);
    if (!type) {
        return bad_input(type.error());
    }
    if (services.rules == nullptr) {
        return not_here("rulebook");
    }
    const auto rules = services.rules->current();
    if (!rules) {
        return problem(rules.error());
    }
    return show_row(**rules, *type, form, services.policy);
}

Response show_all(RequestContext& request, RowForm form)
{
    auto& services = request.services();
    const auto query = request.query();
    const auto limit = query ? query->number("limit", services.limits.page_events_max)
                             : Result<std::optional<std::uint64_t>>{query.error()};
    if (!limit || (*limit && **limit == 0)) {
        return bad_input(limit ? Error{Errc::malformed, "limit is at least 1"} : limit.error());
    }
    if (services.rules == nullptr) {
        return not_here("rulebook");
    }
    const auto rules = services.rules->current();
    if (!rules) {
        return problem(rules.error());
    }
    const auto& rows = (*rules)->emission.rows();
    const std::size_t most =
        *limit ? static_cast<std::size_t>(**limit) : services.limits.page_events_max;
    std::string body{"{\"policies\":["};
    std::size_t shown = 0;
    std::string next;
    for (auto row = rows.upper_bound(query->get("after")); row != rows.end(); ++row) {
        if (!row->second.policy) {
            continue;
        }
        if (shown == most) {
            next = std::prev(row)->first;
            break;
        }
        body.append(shown++ == 0 ? "" : ",");
        form(body, row->first, row->second, services.policy);
    }
    body.append("],\"unknown_types\":\"");
    body.append(services.policy.unknown_types == UnknownTypes::allow ? "allow" : "refuse");
    body.append("\",\"position\":\"").append(std::to_string((*rules)->applied.value)).append("\"");
    if (!next.empty()) {
        body.append(",\"next\":");
        append_canonical_string(body, next);
    }
    body.append("}\n");
    return json_ok(std::move(body));
}

Response edit_failed(Error error)
{
    const bool is_for_client = error.code == Errc::refused || info(error.code).http_status == 400;
    return is_for_client ? bad_input(std::move(error)) : problem(std::move(error));
}

// Who edits needs no source to append as: credentials of a person will do.
Result<std::string> editor_of(const RequestContext& request)
{
    const auto& identity = request.caller().identity;
    const bool is_person = identity.means != security::Means::loopback && identity.source.empty();
    return is_person && check_label(identity.subject) ? Result<std::string>{identity.subject}
                                                      : request.source();
}

Task<Result<EditedPolicy>> edit(RequestContext& request, std::string type,
                                std::optional<EmissionPolicy> after)
{
    auto& services = request.services();
    SEAL_CO_TRY(expected, parse_conditions(request));
    SEAL_CO_TRY(source, editor_of(request));
    const std::string& subject = request.caller().identity.subject;
    PolicyEdit wanted{std::move(type), std::move(after), expected, std::move(source),
                      check_label(subject) ? subject : std::string{}};
    co_return co_await edit_policy(services.log, *services.rules, services.ids, std::move(wanted),
                                   services.policy.types_max, services.policy.apply_wait_max);
}

Response edited_answer(const EditedPolicy& edited, std::string_view type, RowForm form,
                       const PolicyOptions& options)
{
    auto response = show_row(*edited.rules, type, form, options);
    if (response.status == 404) {
        return response; // removed by somebody else meanwhile
    }
    response.status = edited.is_new ? 201 : 200;
    response.header("Sealstream-Position", std::to_string(edited.position.value));
    return response;
}

// The policy that the body of a PUT stands for, over the one that is there.
using PolicyReader = Result<EmissionPolicy> (*)(const boost::json::value& body,
                                                std::string_view type, const Rulebook& rules,
                                                const PolicyOptions& options);

Result<EmissionPolicy> from_policy(const boost::json::value& body, std::string_view,
                                   const Rulebook&, const PolicyOptions&)
{
    return parse_emission_policy(body);
}

Result<EmissionPolicy> from_class_row(const boost::json::value& body, std::string_view type,
                                      const Rulebook& rules, const PolicyOptions& options)
{
    const auto* row = rules.emission.find(type);
    const auto* before = row != nullptr && row->policy ? &*row->policy : nullptr;
    return parse_class_row(body, before, type, options);
}

Task<Response> put_row(RequestContext& request, PolicyReader read, RowForm show)
{
    auto& services = request.services();
    const auto type = policy_type_of(request);
    if (!type) {
        co_return bad_input(type.error());
    }
    if (services.rules == nullptr) {
        co_return not_here("rulebook");
    }
    if (request.content_type() != json_type) {
        co_return refusal(415, "unsupported_media_type", "Send application/json.");
    }
    const auto rules = services.rules->current();
    if (!rules) {
        co_return problem(rules.error());
    }
    const JsonLimits limits{services.limits.json_depth_max, services.limits.body_bytes_max};
    const auto body = parse_json(request.body, limits);
    if (!body) {
        co_return bad_input(body.error());
    }
    auto policy = read(*body, *type, **rules, services.policy);
    if (!policy) {
        co_return bad_input(policy.error());
    }
    const auto edited = co_await edit(request, *type, *std::move(policy));
    if (!edited) {
        co_return edit_failed(edited.error());
    }
    co_return edited_answer(*edited, *type, show, services.policy);
}

} // namespace

Task<Response> list_policies(RequestContext& request)
{
    co_return show_all(request, &full_row);
}

Task<Response> get_policy(RequestContext& request)
{
    co_return show_one(request, &full_row);
}

Task<Response> put_policy(RequestContext& request)
{
    co_return co_await put_row(request, &from_policy, &full_row);
}

Task<Response> list_emission_policies(RequestContext& request)
{
    co_return show_all(request, &class_row);
}

Task<Response> get_emission_policy(RequestContext& request)
{
    co_return show_one(request, &class_row);
}

Task<Response> put_emission_policy(RequestContext& request)
{
    co_return co_await put_row(request, &from_class_row, &class_row);
}

Task<Response> delete_policy(RequestContext& request)
{
    const auto type = policy_type_of(request);
    if (!type) {
        co_return bad_input(type.error());
    }
    if (request.services().rules == nullptr) {
        co_return not_here("rulebook");
    }
    const auto edited = co_await edit(request, *type, std::nullopt);
    if (!edited && edited.error().code == Errc::not_found) {
        co_return no_policy();
    }
    if (!edited) {
        co_return edit_failed(edited.error());
    }
    Response response;
    response.status = 204;
    response.header("ETag", version_tag(edited->version));
    response.header("Sealstream-Position", std::to_string(edited->position.value));
    co_return response;
}

} // namespace sealstream::http
