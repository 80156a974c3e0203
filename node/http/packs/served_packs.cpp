#include "node/http/packs/served_packs.hpp"

#include "node/http/openapi/documents.hpp"
#include "node/http/openapi/yaml_text.hpp"
#include "node/http/packs/pack_handlers.hpp"
#include "node/http/packs/pack_openapi.hpp"
#include "node/http/packs/pack_sources.hpp"

#include <algorithm>

namespace sealstream::http {

namespace {

Verb verb_of(PackMethod method)
{
    switch (method) {
    case PackMethod::get:
        return Verb::get;
    case PackMethod::post:
        return Verb::post;
    case PackMethod::put:
        return Verb::put;
    case PackMethod::patch:
        return Verb::patch;
    case PackMethod::delete_:
        return Verb::delete_;
    }
    return Verb::other;
}

Access access_of(PackRole role)
{
    switch (role) {
    case PackRole::anyone:
        return Access::anyone;
    case PackRole::reader:
        return Access::reader;
    case PackRole::auditor:
        return Access::auditor;
    case PackRole::writer:
        return Access::writer;
    case PackRole::admin:
        return Access::admin;
    }
    return Access::admin;
}

bool is_parameter(std::string_view segment)
{
    return segment.starts_with('{');
}

// "lit/{}/…": of two patterns that fit a path, the smaller one says more with letters, from the
// left.
std::string specificity(std::string_view pattern)
{
    std::string shape;
    for (std::string_view rest = pattern; !rest.empty();) {
        shape.push_back(is_parameter(take_segment(rest)) ? '1' : '0');
    }
    return shape;
}

std::string describe_claim(const Route& route)
{
    return std::string{name(route.verb)} + " " + std::string{route.pattern};
}

} // namespace

bool do_patterns_meet(std::string_view one, std::string_view other)
{
    if (std::count(one.begin(), one.end(), '/') != std::count(other.begin(), other.end(), '/')) {
        return false;
    }
    while (!one.empty() || !other.empty()) {
        const auto left = take_segment(one);
        const auto right = take_segment(other);
        if (left != right && !is_parameter(left) && !is_parameter(right)) {
            return false;
        }
    }
    return true;
}

Result<std::shared_ptr<const ServedPacks>> ServedPacks::make(const std::vector<PackToServe>& packs,
                                                             HttpMetrics& metrics)
{
    auto served = std::make_shared<ServedPacks>();
    served->packs_ = packs;
    for (const PackToServe& one : served->packs_) {
        const Pack& pack = *one.mounted.pack;
        for (const PackQuery& query : pack.queries) {
            PackEndpoint endpoint;
            endpoint.pattern = one.mounted.prefix + query.route;
            endpoint.name = pack.name + "." + query.name;
            endpoint.of = one;
            endpoint.query = &query;
            endpoint.route.verb = verb_of(query.method);
            endpoint.route.access = access_of(query.role);
            endpoint.route.body =
                query.method == PackMethod::get ? BodyMode::none : BodyMode::whole;
            endpoint.route.usual_status = query.status;
            endpoint.route.handler = &answer_query;
            SEAL_TRY_VOID(served->add(std::move(endpoint), metrics));
        }
        for (const PackCommand& command : pack.commands) {
            PackEndpoint endpoint;
            endpoint.pattern = one.mounted.prefix + command.route;
            endpoint.name = pack.name + "." + command.name;
            endpoint.of = one;
            endpoint.command = &command;
            endpoint.route.verb = verb_of(command.method);
            endpoint.route.access = access_of(command.role);
            endpoint.route.body = BodyMode::whole;
            endpoint.route.usual_status = command.status;
            endpoint.route.handler = &run_command;
            if (command.body_schema) {
                SEAL_TRY(schema, JsonSchema::compile(*command.body_schema));
                endpoint.body_schema = std::move(schema);
            }
            for (const PackGuard& guard : pack.guards) {
                const auto& commands = guard.commands;
                if (std::find(commands.begin(), commands.end(), command.name) != commands.end()) {
                    endpoint.guards.push_back({&guard, one});
                }
            }
            SEAL_TRY_VOID(served->add(std::move(endpoint), metrics));
        }
        add_event_rules(served->event_rules_, pack);
        for (const PackGuard& guard : pack.guards) {
            for (const std::string& type : guard.event_types) {
                served->guards_[type].push_back({&guard, one});
            }
        }
    }
    served->openapi_ = with_pack_operations(openapi_document().front().text, *served);
    served->openapi_yaml_ = to_yaml(served->openapi_);
    return std::shared_ptr<const ServedPacks>{std::move(served)};
}

Result<void> ServedPacks::add(PackEndpoint endpoint, HttpMetrics& metrics)
{
    const auto refuse = [&endpoint](std::string_view whose, const Route& other) {
        return Error{Errc::malformed, "two claims to one route: " + endpoint.name + " (" +
                                          std::string{name(endpoint.route.verb)} + " " +
                                          endpoint.pattern + ") and " + std::string{whose} + " (" +
                                          describe_claim(other) +
                                          "); give the pack another prefix, or the route another "
                                          "path"};
    };
    for (const Route& route : routes()) {
        if (route.surface == Surface::clients && route.verb == endpoint.route.verb &&
            !gives_way(route) && do_patterns_meet(route.pattern, endpoint.pattern)) {
            return refuse("the node's own " + std::string{route.name}, route);
        }
    }
    for (const PackEndpoint& other : endpoints_) {
        if (other.route.verb != endpoint.route.verb ||
            !do_patterns_meet(other.pattern, endpoint.pattern)) {
            continue;
        }
        // Within a pack the more literal path is meant: /tasks/open beside /tasks/{id}.
        const bool is_meant = other.of.mounted.pack == endpoint.of.mounted.pack &&
                              specificity(other.pattern) != specificity(endpoint.pattern);
        if (!is_meant) {
            return refuse(other.name, other.route);
        }
    }
    const auto parameters = std::count(endpoint.pattern.begin(), endpoint.pattern.end(), '{');
    if (static_cast<std::size_t>(parameters) > PathParameters::count_max) {
        return Error{Errc::malformed, endpoint.name + " has more than " +
                                          std::to_string(PathParameters::count_max) +
                                          " parameters in its path"};
    }
    PackEndpoint& kept = endpoints_.emplace_back(std::move(endpoint));
    kept.route.pattern = kept.pattern;
    kept.route.name = kept.name;
    kept.route.surface = Surface::clients;
    kept.route.scope = Scope::handler;
    kept.metrics_number =
        metrics.add_route({kept.name, http::name(kept.route.verb), kept.route.usual_status});
    return {};
}

const PackEndpoint* ServedPacks::find(Verb verb, std::string_view path, PathParameters& parameters,
                                      std::string& allowed) const
{
    const PackEndpoint* best = nullptr;
    for (const PackEndpoint& endpoint : endpoints_) {
        PathParameters found;
        if (!matches(endpoint.pattern, path, found)) {
            continue;
        }
        if (endpoint.route.verb != verb) {
            allow(allowed, endpoint.route.verb);
        } else if (best == nullptr || specificity(endpoint.pattern) < specificity(best->pattern)) {
            best = &endpoint;
            parameters = found;
        }
    }
    return best;
}

const std::vector<ServedGuard>* ServedPacks::guards_of(std::string_view event_type) const
{
    const auto found = guards_.find(event_type);
    return found == guards_.end() ? nullptr : &found->second;
}

} // namespace sealstream::http
