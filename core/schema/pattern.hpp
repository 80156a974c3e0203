#pragma once

// Regular expressions of JSON Schema (ECMA-262, with the u flag), matched in linear time by RE2: no
// pattern and no text can make a node think for long. What RE2 can not do that way (looking around,
// back-references, named groups) is refused when the schema is registered.

#include "core/base/result.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace sealstream {

inline constexpr std::size_t pattern_bytes_max = 512;
inline constexpr std::int64_t pattern_memory_bytes_max = 1 << 20; // of one compiled pattern

class Pattern {
public:
    //   too_large, unsupported, malformed   the context says what
    [[nodiscard]] static Result<Pattern> compile(std::string_view ecma);

    // Whether it matches somewhere in `text`, as JSON Schema has it.
    [[nodiscard]] bool matches(std::string_view text) const;

private:
    struct Compiled;
    explicit Pattern(std::shared_ptr<const Compiled> compiled) : compiled_{std::move(compiled)} {}
    std::shared_ptr<const Compiled> compiled_; // schemas are copied with the rulebook
};

// The same pattern in RE2's syntax. Differences that matter: \s and . mean more in ECMA-262, \u and
// \c are unknown to RE2, and [ inside a class is a letter.
//   unsupported, malformed
[[nodiscard]] Result<std::string> to_re2(std::string_view ecma);

} // namespace sealstream
