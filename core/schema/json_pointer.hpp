#pragma once

// JSON Pointers (RFC 6901): "" is the whole, "/a~1b/0" the first of the member "a/b".

#include "core/base/result.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sealstream {

void append_token(std::string& to, std::string_view token);
// The pointer to member `name` of what `pointer` names.
[[nodiscard]] std::string place_below(std::string pointer, std::string_view name);

//   malformed   does not begin with "/", or "~" is not followed by 0 or 1
[[nodiscard]] Result<std::vector<std::string>> parse_pointer(std::string_view pointer);

// Null when there is nothing.
[[nodiscard]] const boost::json::value* find(const boost::json::value& in,
                                             const std::vector<std::string>& tokens);

} // namespace sealstream
