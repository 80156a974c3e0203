#pragma once

// One string of a JsonTemplate, taken apart. Private to core/packs.

#include "core/base/result.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sealstream {

struct TemplatePlace {
    std::vector<std::string> path; // never empty
    std::optional<boost::json::value> fallback;
};

struct TemplatePart {
    std::string literal; // where there is no place
    std::optional<TemplatePlace> place;
};

//   malformed   an unclosed or lone brace, or a place that is none
[[nodiscard]] Result<std::vector<TemplatePart>> parse_template_text(std::string_view text);

} // namespace sealstream
