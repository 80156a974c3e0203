#include "node/http/packs/pack_scope.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace sealstream::http {

namespace {

namespace json = boost::json;
using security::Role;

std::string actor_of(const RequestContext& request)
{
    const security::Caller& caller = request.caller();
    return caller.forced_actor.empty() ? caller.identity.subject : caller.forced_actor;
}

std::string source_of(const RequestContext& request)
{
    const auto source = request.source();
    return source ? *source : std::string{};
}

} // namespace

std::vector<std::string> roles_in(const RequestContext& request, const Pack& pack)
{
    std::vector<std::string> roles;
    for (const Role role : {Role::reader, Role::writer, Role::auditor, Role::admin}) {
        const auto& types = pack.stream_types;
        const bool has_role = types.empty() ? request.may_all(role)
                                            : std::all_of(types.begin(), types.end(),
                                                          [&](const PackStreamType& type) {
                                                              return request.may(role, type.name);
                                                          });
        if (has_role) {
            roles.emplace_back(security::name(role));
        }
    }
    return roles;
}

void add_caller(std::map<std::string, PackValue, std::less<>>& values,
                const RequestContext& request, const Pack& pack)
{
    values.insert_or_assign("caller_source", PackValue{source_of(request)});
    values.insert_or_assign("caller_actor", PackValue{actor_of(request)});
    values.insert_or_assign("caller_roles", PackValue{roles_in(request, pack)});
}

json::object make_scope(const RequestContext& request, const Pack& pack,
                        const ParameterValues& values)
{
    json::array roles;
    for (const std::string& role : roles_in(request, pack)) {
        roles.emplace_back(json::value(role));
    }
    json::object scope;
    scope["path"] = values.path;
    scope["query"] = values.query;
    scope["caller"] = json::object{
        {"source", source_of(request)}, {"actor", actor_of(request)}, {"roles", std::move(roles)}};
    scope["now"] = to_rfc3339(request.services().clock.wall());
    return scope;
}

} // namespace sealstream::http
