#include "node/http/packs/pack_openapi.hpp"

#include "node/http/packs/json_output.hpp"
#include "node/http/packs/parameter_values.hpp"
#include "node/http/packs/served_packs.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>

namespace sealstream::http {

namespace {

namespace json = boost::json;

json::object reference(std::string_view kind, std::string_view name)
{
    return {{"$ref", "#/components/" + std::string{kind} + "/" + std::string{name}}};
}

std::string_view access_name(Access access)
{
    switch (access) {
    case Access::anyone:
        return "anyone";
    case Access::metrics:
        return "metrics";
    case Access::reader:
        return "reader";
    case Access::auditor:
        return "auditor";
    case Access::writer:
        return "writer";
    case Access::admin:
        break;
    }
    return "admin";
}

void add_bounds(json::object& schema, const PackParameter& parameter, const char* least,
                const char* most)
{
    const auto add = [&schema](const char* key, const std::optional<double>& bound) {
        if (bound) {
            schema[key] = static_cast<std::int64_t>(*bound);
        }
    };
    add(least, parameter.least);
    add(most, parameter.most);
}

json::object type_schema(const PackParameter& parameter)
{
    json::object schema{{"type", "string"}};
    switch (parameter.type) {
    case ParameterType::text:
        add_bounds(schema, parameter, "minLength", "maxLength");
        if (!parameter.choices.empty()) {
            json::array choices;
            for (const std::string& choice : parameter.choices) {
                choices.push_back(json::value(choice));
            }
            schema["enum"] = std::move(choices);
        }
        break;
    case ParameterType::integer:
        schema["type"] = "integer";
        add_bounds(schema, parameter, "minimum", "maximum");
        break;
    case ParameterType::number:
        schema["type"] = "number";
        add_bounds(schema, parameter, "minimum", "maximum");
        break;
    case ParameterType::boolean:
        schema["type"] = "boolean";
        break;
    case ParameterType::time:
        schema["format"] = "date-time";
        break;
    case ParameterType::uuid:
        schema["format"] = "uuid";
        break;
    case ParameterType::json:
        schema["contentMediaType"] = "application/json";
        break;
    case ParameterType::position:
        return reference("schemas", "Position");
    }
    return schema;
}

json::object describe(const PackParameter& parameter)
{
    json::object schema = type_schema(parameter);
    if (parameter.is_list) {
        schema = json::object{
            {"type", "array"}, {"items", std::move(schema)}, {"maxItems", parameter_items_max}};
    } else if (parameter.fallback && parameter.type == ParameterType::text) {
        schema["default"] = *parameter.fallback;
    }
    json::object described{{"name", parameter.name},
                           {"in", parameter.is_in_path ? "path" : "query"},
                           {"required", parameter.is_in_path || parameter.is_required},
                           {"schema", std::move(schema)}};
    if (parameter.is_list) {
        described["style"] = "form";
        described["explode"] = false;
    }
    return described;
}

PackParameter reserved(std::string name, ParameterType type)
{
    PackParameter made;
    made.name = std::move(name);
    made.type = type;
    return made;
}

json::array parameters_of(const PackEndpoint& endpoint)
{
    json::array all;
    const auto& declared =
        endpoint.query != nullptr ? endpoint.query->parameters : endpoint.command->parameters;
    for (const PackParameter& parameter : declared) {
        all.push_back(describe(parameter));
    }
    if (endpoint.query == nullptr) {
        return all;
    }
    if (endpoint.query->paging) {
        auto limit = reserved("limit", ParameterType::integer);
        limit.least = 1;
        limit.most = endpoint.query->paging->limit_max;
        all.push_back(describe(limit));
        all.push_back(describe(reserved("after", ParameterType::text)));
    }
    all.push_back(describe(reserved("min-position", ParameterType::position)));
    if (endpoint.query->has_as_of) {
        auto as_of = describe(reserved("as-of", ParameterType::text));
        as_of["description"] = "The tables as they were at this position of the log, or at this "
                               "time (RFC 3339).";
        all.push_back(std::move(as_of));
    }
    auto wait = reserved("wait", ParameterType::integer);
    wait.least = 0;
    all.push_back(describe(wait));
    return all;
}

json::object problem_response(const char* what)
{
    return {{"description", what},
            {"content", json::object{{"application/problem+json",
                                      json::object{{"schema", reference("schemas", "Problem")}}}}}};
}

json::object responses_of(const PackEndpoint& endpoint)
{
    json::object responses;
    responses[std::to_string(endpoint.route.usual_status)] = json::object{
        {"description", endpoint.query != nullptr ? "The answer of the pack." : "It has happened."},
        {"content", json::object{{"application/json", json::object{{"schema", true}}}}}};
    const std::pair<const char*, const char*> every[] = {
        {"401", "Unauthenticated"}, {"403", "Forbidden"},      {"408", "RequestTimeout"},
        {"413", "TooLarge"},        {"414", "UriTooLong"},     {"417", "ExpectationFailed"},
        {"429", "TooManyRequests"}, {"431", "HeaderTooLarge"}, {"500", "Failed"},
        {"503", "Unavailable"},     {"400", "Malformed"},
    };
    for (const auto& [status, name] : every) {
        responses[status] = reference("responses", name);
    }
    responses["404"] = problem_response("Nothing is found.");
    if (endpoint.query != nullptr) {
        responses["304"] = json::object{{"description", "Nothing was folded since."}};
        if (endpoint.query->has_as_of) {
            responses["409"] = problem_response("as-of needs more events folded than are allowed.");
        }
        return responses;
    }
    responses["409"] = problem_response("A guard refuses: violations says why.");
    responses["412"] = problem_response("The condition of the command does not hold.");
    responses["415"] = problem_response("The body is not application/json.");
    responses["422"] =
        problem_response("The body is not as its schema says, or the key was used before.");
    responses["428"] = problem_response("The stream type demands a condition.");
    responses["507"] = problem_response("The log is full.");
    return responses;
}

json::object operation_of(const PackEndpoint& endpoint)
{
    const std::string& summary =
        endpoint.query != nullptr ? endpoint.query->summary : endpoint.command->summary;
    json::object operation{{"operationId", endpoint.name},
                           {"x-sealstream-access", access_name(endpoint.route.access)},
                           {"tags", json::array{json::value(endpoint.pack().name)}},
                           {"summary", summary.empty() ? endpoint.name : summary},
                           {"parameters", parameters_of(endpoint)},
                           {"responses", responses_of(endpoint)}};
    if (endpoint.command != nullptr && endpoint.command->body_schema) {
        operation["requestBody"] = json::object{
            {"required", true},
            {"content", json::object{{"application/json",
                                      json::object{{"schema", *endpoint.command->body_schema}}}}}};
    }
    return operation;
}

std::string method_of(Verb verb)
{
    std::string method{name(verb)};
    std::transform(method.begin(), method.end(), method.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return method;
}

} // namespace

std::string with_pack_operations(std::string_view document, const ServedPacks& packs)
{
    auto whole = json::parse({document.data(), document.size()});
    json::object& paths = whole.as_object()["paths"].as_object();
    for (const PackEndpoint& endpoint : packs.endpoints()) {
        json::value& path = paths[endpoint.pattern];
        if (!path.is_object()) {
            path = json::object{};
        }
        path.get_object()[method_of(endpoint.route.verb)] = operation_of(endpoint);
    }
    std::string text;
    append_json(text, whole);
    text.push_back('\n');
    return text;
}

} // namespace sealstream::http
