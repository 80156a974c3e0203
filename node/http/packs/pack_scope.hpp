#pragma once

// What SQL and templates of a pack's routes can see of a request besides its parameters.

#include "core/packs/pack.hpp"
#include "node/http/packs/parameter_values.hpp"

namespace sealstream::http {

// The roles that the caller has for streams of all types of the pack, by name.
[[nodiscard]] std::vector<std::string> roles_in(const RequestContext& request, const Pack& pack);

// caller_source, caller_actor, caller_roles.
void add_caller(std::map<std::string, PackValue, std::less<>>& values,
                const RequestContext& request, const Pack& pack);

// path, query, caller, now.
[[nodiscard]] boost::json::object make_scope(const RequestContext& request, const Pack& pack,
                                             const ParameterValues& values);

} // namespace sealstream::http
