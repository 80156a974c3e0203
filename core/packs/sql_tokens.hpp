#pragma once

// SQL as a row of tokens, as Postgres would cut it with standard_conforming_strings. Private to
// core/packs.

#include "core/base/result.hpp"
#include "core/packs/text_place.hpp"

#include <string_view>

namespace sealstream {

enum class SqlTokenKind : std::uint8_t {
    word,      // select, title: neither quoted nor a number
    name,      // "quoted"
    text,      // 'quoted', E'…', with its quotes
    body,      // $tag$ … $tag$; `inside` is what is between
    number,    // 1, 1.5e3
    parameter, // :owner; `inside` is owner
    symbol,    // one character, or ::, :=
};

struct SqlToken {
    SqlTokenKind kind{SqlTokenKind::symbol};
    std::string_view text; // of the source
    std::string_view inside;
    TextPlace place;
    std::size_t offset{0}; // bytes from the begin of the source
};

struct SqlFault {
    TextPlace place;
    std::string message;
    std::string remedy;
};

struct SqlTokens {
    std::vector<SqlToken> tokens; // without comments and white space
    std::vector<SqlFault> faults; // what is not closed; tokens end there
};

// `begin` is the place of the text's first byte.
[[nodiscard]] SqlTokens tokenize_sql(std::string_view text, TextPlace begin = {1, 1});

// Whether it is this word, in whatever case. `lower` is lower case.
[[nodiscard]] bool is_word(const SqlToken& token, std::string_view lower) noexcept;

} // namespace sealstream
