#pragma once

// The words of SQL that a pack may not use, and why. Private to core/packs.

#include <span>
#include <string_view>
#include <vector>

namespace sealstream {

struct SqlPhrase {
    std::vector<std::string_view> words;
    bool is_statement; // only at the begin of one
    std::string_view why;
};

[[nodiscard]] const std::vector<SqlPhrase>& refused_phrases();

using SqlWords = std::span<const std::string_view>;
[[nodiscard]] SqlWords refused_functions() noexcept;
[[nodiscard]] SqlWords changing_functions() noexcept; // another result each time
[[nodiscard]] SqlWords changing_words() noexcept;     // the same, without brackets
[[nodiscard]] SqlWords serial_types() noexcept;

inline constexpr std::string_view why_outside = "a pack touches nothing but its own tables";

} // namespace sealstream
