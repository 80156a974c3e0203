// PUT /v1/schemas/{event_type}
//
// Body: {"schema":{…},"compatibility"?:"backward","redact"?:[…]}, or with Content-Type
// application/schema+json the schema alone and ?compatibility=. If-Match and If-None-Match speak of
// the schema's version.
//
//   201  a new version, which holds on this node; ETag is the version
//   200  it was so already
//   400  the schema can not be held: a pointer to the keyword
//   403  not an administrator
//   409  schema_incompatible: "errors" has a pointer to each break; refused: too many
//   412  the schema is at another version
//
// GET /v1/schemas                                     the latest version of each, without the
// schema GET /v1/schemas/{event_type}[/versions/{version}]   200, 304, 404
//
// PUT /v1/redactions/{event_type}   body {"redact":[…]}: 201 changed, 200 it was so already, 400,
// 403 GET /v1/redactions[/{event_type}] 200, 404

#include "core/event/canonical_json.hpp"
#include "node/http/handlers/appending.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/problem.hpp"
#include "node/rules/schema_editor.hpp"

#include <boost/json/object.hpp>

namespace sealstream::http {

namespace {

namespace json = boost::json;

constexpr std::string_view schema_json_type = "application/schema+json";

void append_text_member(std::string& to, std::string_view name, std::string_view text)
{
    to.append(",\"").append(name).append("\":");
    append_canonical_string(to, text);
}

void append_version(std::string& to, std::string_view type, const SchemaVersion& version,
                    bool has_schema)
{
    to.append("{\"event_type\":");
    append_canonical_string(to, type);
    append_text_member(to, "version", std::to_string(version.version.value));
    append_text_member(to, "compatibility", name(version.compatibility));
    append_text_member(to, "position", std::to_string(version.position.value));
    append_text_member(to, "registered", to_rfc3339(version.registered));
    append_text_member(to, "registered_by", version.registered_by);
    if (has_schema) {
        to.append(",\"schema\":").append(version.text);
    }
    to.push_back('}');
}

void append_redactions(std::string& to, std::string_view type, const RedactionRow& row)
{
    to.append("{\"event_type\":");
    append_canonical_string(to, type);
    append_text_member(to, "version", std::to_string(row.version.value));
    append_text_member(to, "position", std::to_string(row.position.value));
    append_text_member(to, "changed", to_rfc3339(row.changed));
    append_text_member(to, "changed_by", row.changed_by);
    to.append(",\"redact\":").append(to_canonical_json(to_json(row.redactions))).append("}");
}

Response version_response(std::string_view type, const SchemaVersion& version)
{
    Response response;
    response.header("ETag", "\"" + std::to_string(version.version.value) + "\"");
    response.header("Cache-Control", "no-cache");
    append_version(response.body, type, version, true);
    response.body.push_back('\n');
    return response;
}

Result<std::string> schema_type_of(const RequestContext& request)
{
    SEAL_TRY(type, request.path_parameter("event_type"));
    SEAL_TRY_VOID(check_event_type(type));
    return type;
}

Error below_place(Error error, std::string_view place)
{
    error.pointer.insert(0, place);
    return error;
}

Result<void> take_edit_member(SchemaEdit& edit, std::string_view name, const json::value& value)
{
    if (name == "schema") {
        const auto compiled = JsonSchema::compile(value); // here for the pointer into the body
        if (!compiled) {
            return below_place(compiled.error(), "/schema");
        }
        edit.schema = to_canonical_json(value);
    } else if (name == "compatibility" && value.is_string()) {
        const auto& text = value.get_string();
        SEAL_TRY(compatibility, parse_compatibility({text.data(), text.size()}));
        edit.compatibility = compatibility;
    } else if (name == "redact") {
        auto redactions = parse_redactions(value);
        if (!redactions) {
            return below_place(redactions.error(), "/redact");
        }
        edit.redactions = *std::move(redactions);
    } else {
        return Error{Errc::malformed, "a registration has schema, compatibility and redact",
                     "/" + std::string{name}};
    }
    return {};
}

// What the request asks for, but for who asks.
Result<SchemaEdit> parse_edit(const RequestContext& request, bool is_schema)
{
    SEAL_TRY(query, request.query());
    SchemaEdit edit;
    SEAL_TRY(type, schema_type_of(request));
    edit.type = std::move(type);
    SEAL_TRY(expected, parse_conditions(request));
    edit.expected = expected;
    const auto& limits = request.services().limits;
    SEAL_TRY(body, parse_json(request.body, {limits.json_depth_max, limits.body_bytes_max}));
    if (is_schema && request.content_type() == schema_json_type) {
        if (query.has("compatibility")) {
            SEAL_TRY(compatibility, parse_compatibility(query.get("compatibility")));
            edit.compatibility = compatibility;
        }
        edit.schema = to_canonical_json(body);
        return edit;
    }
    if (!body.is_object() || query.has("compatibility")) {
        return Error{Errc::malformed, "a registration is a JSON object"};
    }
    for (const auto& member : body.get_object()) {
        SEAL_TRY_VOID(
            take_edit_member(edit, {member.key().data(), member.key().size()}, member.value()));
    }
    if (is_schema ? !edit.schema : (!edit.redactions || edit.schema || edit.compatibility)) {
        const std::string name = is_schema ? "schema" : "redact";
        return Error{Errc::malformed, "\"" + name + "\" is wanted" + (is_schema ? "" : ", alone"),
                     "/" + name};
    }
    return edit;
}

Response incompatible(const std::vector<SchemaBreak>& breaks)
{
    auto response = bad_input(Error{Errc::schema_incompatible, breaks.front().message});
    std::string& errors = response.problem->errors;
    for (const SchemaBreak& found : breaks) {
        errors.append(errors.empty() ? "{\"pointer\":" : ",{\"pointer\":");
        append_canonical_string(errors, found.pointer);
        append_text_member(errors, "code", "schema_incompatible");
        append_text_member(errors, "message", found.message);
        append_text_member(errors, "in", found.is_in_old ? "the schema before" : "this schema");
        errors.push_back('}');
    }
    return response;
}

struct Registered {
    std::string type; // of the events
    EditedSchema edited;
};

Task<Result<Registered>> register_wanted(RequestContext& request, bool is_schema)
{
    auto& services = request.services();
    if (services.rules == nullptr) {
        co_return Error{Errc::unavailable, "no rules here"};
    }
    SEAL_CO_TRY(edit, parse_edit(request, is_schema));
    auto source = request.source();
    if (!source) {
        co_return source.error();
    }
    edit.source = *std::move(source);
    edit.actor = request.caller().forced_actor;
    const SchemaEditLimits limits{services.policy.types_max, services.policy.schema_versions_max,
                                  services.policy.apply_wait_max};
    std::string type = edit.type;
    auto edited =
        co_await edit_schema(services.log, *services.rules, services.ids, std::move(edit), limits);
    if (!edited) {
        co_return edited.error();
    }
    co_return Registered{std::move(type), *std::move(edited)};
}

Response refused_edit(Error error)
{
    // Faults in what was sent are of the client's own making, so their text is shown.
    const int status = info(error.code).http_status;
    const bool is_input = status == 400 || status == 413 || error.code == Errc::refused;
    return is_input ? bad_input(std::move(error)) : problem(std::move(error));
}

Result<RulebookPtr> rules_of(const RequestContext& request)
{
    const auto* rules = request.services().rules;
    return rules == nullptr ? Result<RulebookPtr>{Error{Errc::unavailable, "no rules here"}}
                            : rules->current();
}

} // namespace

Task<Response> put_schema(RequestContext& request)
{
    const auto done = co_await register_wanted(request, true);
    if (!done) {
        co_return refused_edit(done.error());
    }
    const auto& [type, edited] = *done;
    if (!edited.breaks.empty()) {
        co_return incompatible(edited.breaks);
    }
    const auto& version = edited.rules->schemas.schema(type)->latest();
    auto response = version_response(type, version);
    response.status = edited.is_changed ? 201 : 200;
    response.header("Sealstream-Position", std::to_string(version.position.value));
    co_return response;
}

Task<Response> list_schemas(RequestContext& request)
{
    const auto rules = rules_of(request);
    if (!rules) {
        co_return problem(rules.error());
    }
    std::string body{"{\"schemas\":["};
    for (const auto& [type, row] : (*rules)->schemas.schemas()) {
        body.append(body.back() == '[' ? "" : ",");
        append_version(body, type, row.latest(), false);
    }
    co_return json_ok(body + "]}\n", Caching::none);
}

Task<Response> get_schema(RequestContext& request)
{
    const auto rules = rules_of(request);
    const auto type = schema_type_of(request);
    if (!rules || !type) {
        co_return !type ? bad_input(type.error()) : problem(rules.error());
    }
    const auto* row = (*rules)->schemas.schema(*type);
    if (row == nullptr) {
        co_return problem(Error{Errc::not_found, "no schema"});
    }
    co_return version_response(*type, row->latest());
}

Task<Response> get_schema_version(RequestContext& request)
{
    const auto rules = rules_of(request);
    const auto type = schema_type_of(request);
    if (!rules || !type) {
        co_return !type ? bad_input(type.error()) : problem(rules.error());
    }
    const auto text = request.path_parameter("version");
    const auto number = text ? parse_place(*text) : Result<std::uint64_t>{text.error()};
    if (!number) {
        co_return bad_input(Error{Errc::malformed, "a version is a decimal number"});
    }
    const auto* row = (*rules)->schemas.schema(*type);
    if (row == nullptr || *number == 0 || *number > row->versions.size()) {
        co_return problem(Error{Errc::not_found, "no such version"});
    }
    co_return version_response(*type, *row->versions[*number - 1]);
}

Task<Response> put_redaction(RequestContext& request)
{
    const auto done = co_await register_wanted(request, false);
    if (!done) {
        co_return refused_edit(done.error());
    }
    const auto& [type, edited] = *done;
    const auto* row = edited.rules->schemas.redaction(type);
    Response response;
    response.status = edited.is_changed ? 201 : 200;
    append_redactions(response.body, type, row == nullptr ? RedactionRow{} : *row);
    response.body.push_back('\n');
    response.header("Cache-Control", "no-store");
    co_return response;
}

Task<Response> list_redactions(RequestContext& request)
{
    const auto rules = rules_of(request);
    if (!rules) {
        co_return problem(rules.error());
    }
    std::string body{"{\"redactions\":["};
    for (const auto& [type, row] : (*rules)->schemas.redactions()) {
        body.append(body.back() == '[' ? "" : ",");
        append_redactions(body, type, row);
    }
    co_return json_ok(body + "]}\n", Caching::none);
}

Task<Response> get_redaction(RequestContext& request)
{
    const auto rules = rules_of(request);
    const auto type = schema_type_of(request);
    if (!rules || !type) {
        co_return !type ? bad_input(type.error()) : problem(rules.error());
    }
    const auto* row = (*rules)->schemas.redaction(*type);
    if (row == nullptr) {
        co_return problem(Error{Errc::not_found, "no redactions"});
    }
    std::string body;
    append_redactions(body, *type, *row);
    co_return json_ok(body + "\n", Caching::none);
}

} // namespace sealstream::http
