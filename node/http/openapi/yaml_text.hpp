#pragma once

// Documents as YAML for people: block style, a line for each value.

#include <string>
#include <string_view>

namespace sealstream {

// `document` is a JSON object of our own. Strings stand in double quotes as in JSON, which YAML 1.2
// reads alike.
[[nodiscard]] std::string to_yaml(std::string_view document);

} // namespace sealstream
