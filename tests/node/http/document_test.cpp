// The documents at /.well-known say what the route table says, neither more nor less.

#include "node/http/openapi/documents.hpp"
#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <set>

using namespace sealstream;
using namespace sealstream::testing;

namespace {

namespace json = boost::json;

json::value openapi()
{
    return json::parse(openapi_document()[0].text);
}

std::string method_of(http::Verb verb)
{
    std::string method{http::name(verb)};
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char letter) { return static_cast<char>(letter - 'A' + 'a'); });
    return method;
}

std::string_view view(const json::value& text)
{
    return {text.as_string().data(), text.as_string().size()};
}

std::string_view name(http::Access access)
{
    switch (access) {
    case http::Access::anyone:
        return "anyone";
    case http::Access::metrics:
        return "metrics";
    case http::Access::reader:
        return "reader";
    case http::Access::auditor:
        return "auditor";
    case http::Access::writer:
        return "writer";
    case http::Access::admin:
        break;
    }
    return "admin";
}

// What a value of the form {"$ref": "#/…"} stands for.
const json::value& resolved(const json::value& document, const json::value& value)
{
    const auto* const reference = value.as_object().if_contains("$ref");
    return reference == nullptr ? value : document.at_pointer(view(*reference).substr(1));
}

std::set<std::string> parameters_in(std::string_view pattern)
{
    std::set<std::string> names;
    for (auto at = pattern.find('{'); at != std::string_view::npos; at = pattern.find('{', at)) {
        const auto end = pattern.find('}', at);
        names.emplace(pattern.substr(at + 1, end - at - 1));
        at = end;
    }
    return names;
}

// "type* from" as {"type", "from"}.
std::set<std::string> names_in(std::string_view list)
{
    std::set<std::string> names;
    while (!list.empty()) {
        auto name = list.substr(0, list.find(' '));
        list.remove_prefix(std::min(name.size() + 1, list.size()));
        name.remove_suffix(name.ends_with('*') || name.ends_with('?') ? 1 : 0);
        names.emplace(name);
    }
    return names;
}

void add_parameters(const json::value& document, const json::object& of, std::string_view place,
                    std::set<std::string>& names)
{
    const auto* const parameters = of.if_contains("parameters");
    if (parameters == nullptr) {
        return;
    }
    for (const json::value& one : parameters->as_array()) {
        const auto& parameter = resolved(document, one);
        if (view(parameter.at("in")) == place) {
            names.emplace(view(parameter.at("name")));
        }
    }
}

} // namespace

TEST_CASE("every route is in the OpenAPI document, as it is in the table", "[http][documents]")
{
    const auto document = openapi();
    const auto& paths = document.at("paths").as_object();
    for (const http::Route& route : http::routes()) {
        INFO("node/http/openapi/*.yaml must have " << http::name(route.verb) << " " << route.pattern
                                                   << " with operationId " << route.name);
        const auto* const path = paths.if_contains(std::string{route.pattern});
        REQUIRE(path != nullptr);
        const auto* const operation = path->as_object().if_contains(method_of(route.verb));
        REQUIRE(operation != nullptr);
        CHECK(view(operation->at("operationId")) == route.name);
        CHECK(view(operation->at("x-sealstream-access")) == name(route.access));
        const bool is_for_operators = path->as_object().contains("x-sealstream-listener");
        CHECK(is_for_operators == (route.surface == http::Surface::operators));
        const bool has_body = operation->as_object().contains("requestBody");
        CHECK(has_body == (route.body != http::BodyMode::none));
        CHECK(operation->at("responses").as_object().contains(std::to_string(route.usual_status)));
        std::set<std::string> parameters;
        add_parameters(document, path->as_object(), "path", parameters);
        add_parameters(document, operation->as_object(), "path", parameters);
        CHECK(parameters == parameters_in(route.pattern));
        std::set<std::string> query;
        add_parameters(document, path->as_object(), "query", query);
        add_parameters(document, operation->as_object(), "query", query);
        CHECK(query == names_in(route.query));
    }
}

TEST_CASE("every operation of the OpenAPI document is a route", "[http][documents]")
{
    std::set<std::string> routes;
    for (const http::Route& route : http::routes()) {
        routes.insert(method_of(route.verb) + " " + std::string{route.pattern});
    }
    const auto document = openapi();

    for (const auto& [path, item] : document.at("paths").as_object()) {
        for (const auto& [member, operation] : item.as_object()) {
            if (operation.is_object()) {
                const auto place = std::string{member} + " " + std::string{path};
                CAPTURE(place);
                CHECK(routes.count(place) == 1);
            }
        }
    }
}

TEST_CASE("every error of every operation is a problem, but for probes", "[http][documents]")
{
    const auto document = openapi();
    std::size_t errors = 0;

    for (const auto& [path, item] : document.at("paths").as_object()) {
        for (const auto& [member, operation] : item.as_object()) {
            if (!operation.is_object()) {
                continue;
            }
            const auto id = view(operation.at("operationId"));
            const bool is_probe = id == "get_health" || id == "get_readyz" || id == "get_startupz";
            for (const auto& [status, response] : operation.at("responses").as_object()) {
                CAPTURE(id, std::string{status});
                if (status.front() < '4' || (is_probe && status == "503")) {
                    continue;
                }
                const auto& content = resolved(document, response).at("content").as_object();
                CHECK(content.contains("application/problem+json"));
                ++errors;
            }
        }
    }
    CHECK(errors > http::routes().size());
}

TEST_CASE("every limit that is shown is described, and every one that is described is shown",
          "[http][documents]")
{
    HttpWorld world;
    const auto document = openapi();
    const auto shown = world.get("/v1/limits").json();
    const auto& described = document.at_pointer("/components/schemas/Limits/properties");

    for (const auto& [name, value] : shown.as_object()) {
        INFO("openapi/about.yaml must describe " << std::string{name});
        CHECK(described.as_object().contains(name));
    }
    CHECK(shown.as_object().size() == described.as_object().size());
}

TEST_CASE("the documents are served as JSON, and as YAML to who asks for it", "[http][documents]")
{
    HttpWorld world;

    const auto plain = world.get("/.well-known/openapi");
    const auto yaml = world.get("/.well-known/openapi", {{"Accept", "application/yaml"}});
    const auto again = world.get("/.well-known/openapi", {{"If-None-Match", plain.header("ETag")}});

    CHECK(plain.status == 200);
    CHECK(plain.content_type == "application/json");
    CHECK(plain.at("/openapi").substr(0, 4) == "3.1.");
    CHECK(plain.body == world.get("/.well-known/openapi.json").body);
    CHECK(yaml.content_type == "application/yaml");
    CHECK(yaml.body.substr(0, 12) == "\"openapi\": \"");
    CHECK(yaml.body == world.get("/.well-known/openapi.yaml").body);
    CHECK(yaml.header("ETag") != plain.header("ETag"));
    CHECK(again.status == 304);
    CHECK(again.body.empty());
    CHECK(world.get("/.well-known/asyncapi").at("/asyncapi") == "3.0.0");
    CHECK(world.get("/.well-known/asyncapi.json").status == 404);
}
