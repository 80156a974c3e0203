#pragma once

// Finds the end of canonical JSON without building anything: what readers of records use instead of
// parsing, re-encoding and comparing. It accepts exactly the texts that to_canonical_json can write
// (with the ceiling of json_text.hpp on depth).

#include "core/event/json_text.hpp"

#include <string>
#include <string_view>

namespace sealstream {

// The end of the canonical value (string) that begins at `at`; nullptr when there is none.
[[nodiscard]] const char* skip_canonical_value(const char* at, const char* end,
                                               std::size_t depth_max = json_depth_ceiling);
[[nodiscard]] const char* skip_canonical_string(const char* at, const char* end);

// The text of the canonical string literal [begin, end), quotes included.
[[nodiscard]] std::string unescape_canonical(const char* begin, const char* end);

[[nodiscard]] inline bool is_canonical_json(std::string_view text,
                                            std::size_t depth_max = json_depth_ceiling)
{
    const char* const end = text.data() + text.size();
    return !text.empty() && skip_canonical_value(text.data(), end, depth_max) == end;
}

} // namespace sealstream
