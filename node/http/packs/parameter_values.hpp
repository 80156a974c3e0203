#pragma once

// The parameters of a pack's routes: from text in a URL to values of their types. What does not fit
// is `malformed`; the context is for the client and names the parameter, and so does
// Error::details.

#include "core/packs/pack_routes.hpp"
#include "core/ports/pack_reader.hpp"
#include "node/http/request_context.hpp"

#include <boost/json/object.hpp>

#include <map>

namespace sealstream::http {

inline constexpr std::size_t parameter_bytes_max = 4'096; // of a text that states no other bound
inline constexpr std::size_t parameter_items_max = 200;   // of a list

struct ParameterValue {
    PackValue sql;           // bound; its type's cast is part of the statement
    boost::json::value json; // for templates: numbers and booleans as such, all else text
};

[[nodiscard]] Result<ParameterValue> parse_parameter(const PackParameter& parameter,
                                                     std::string_view text);

// All parameters of a request; every one has a value in `sql`, null where it was not given.
struct ParameterValues {
    std::map<std::string, PackValue, std::less<>> sql;
    boost::json::object path;
    boost::json::object query;
};
// `reserved`: what the query string may hold besides.
[[nodiscard]] Result<ParameterValues>
parse_parameters(const RequestContext& request, const Query& query,
                 const std::vector<PackParameter>& parameters,
                 const std::vector<std::string_view>& reserved);

// For SQL, in the order of its parameters.
//   internal   the statement names one that there is not
[[nodiscard]] Result<std::vector<PackValue>>
bind_values(const BoundSql& sql, const std::map<std::string, PackValue, std::less<>>& values);

[[nodiscard]] std::string_view name(ParameterType type) noexcept;

} // namespace sealstream::http
