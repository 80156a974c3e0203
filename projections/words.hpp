#pragma once

// The words of a text, for search: pure, and the same for what is indexed and what is asked.
//
// A word is a run of ASCII letters, ASCII digits and bytes of UTF-8 beyond ASCII, in lower case
// (ASCII, Latin-1, Greek and Cyrillic letters), cut after word_bytes_max bytes. Of JSON, the words
// of all text and numbers count; member names, true, false and null do not.

#include <string>
#include <string_view>
#include <vector>

namespace sealstream {

inline constexpr std::size_t word_bytes_max = 64;
inline constexpr std::size_t words_max =
    256; // distinct ones of one event; what comes later is not found

// Distinct, ascending.
[[nodiscard]] std::vector<std::string> words_of_text(std::string_view text);

// What of a canonical JSON text matters for storing it.
struct JsonTraits {
    bool has_nul{false};      // \u0000 in some text: jsonb refuses it
    bool has_exponent{false}; // a number in exponent form: jsonb would write it as other digits
};

// One pass over canonical JSON (canonical_json.hpp). `words` is replaced; distinct, ascending.
[[nodiscard]] JsonTraits scan_canonical_json(std::string_view json,
                                             std::vector<std::string>& words);

// The text with each \u0000 written as \ufffd, so that jsonb takes it.
[[nodiscard]] std::string without_nul(std::string_view json);

} // namespace sealstream
