#pragma once

// Settings that need more than one value are one line of words: "source=registry-* roles=writer".
// And the patterns in them: '*' is any text, '?' any one byte, everything else itself.

#include "core/base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sealstream::security {

struct Word {
    std::string key;
    std::vector<std::string> values; // "a|b" are two; a word without '=' has none
};

//   malformed   an empty key or value, or the same key twice
[[nodiscard]] Result<std::vector<Word>> parse_words(std::string_view line);

[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view text) noexcept;

[[nodiscard]] bool matches_any(const std::vector<std::string>& patterns,
                               std::string_view text) noexcept;

} // namespace sealstream::security
