#include "node/security/words.hpp"

#include <algorithm>

namespace sealstream::security {

namespace {

std::string_view take_until(std::string_view& text, char separator)
{
    const auto part = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return part;
}

Result<Word> parse_word(std::string_view text)
{
    Word word;
    const auto equals = text.find('=');
    word.key = text.substr(0, equals);
    if (word.key.empty()) {
        return Error{Errc::malformed, "\"" + std::string{text} + "\" has no name before '='"};
    }
    if (equals == std::string_view::npos) {
        return word;
    }
    auto list = text.substr(equals + 1);
    do {
        const bool ends_with_separator = list.ends_with('|') && list.find('|') == list.size() - 1;
        const auto value = take_until(list, '|');
        if (value.empty() || ends_with_separator) {
            return Error{Errc::malformed, "\"" + std::string{text} + "\" lacks a value"};
        }
        word.values.emplace_back(value);
    } while (!list.empty());
    return word;
}

} // namespace

Result<std::vector<Word>> parse_words(std::string_view line)
{
    std::vector<Word> words;
    while (!line.empty()) {
        const auto text = take_until(line, ' ');
        if (text.empty()) {
            continue;
        }
        SEAL_TRY(word, parse_word(text));
        const bool is_known = std::any_of(words.begin(), words.end(), [&word](const Word& other) {
            return other.key == word.key;
        });
        if (is_known) {
            return Error{Errc::malformed, "\"" + word.key + "\" stands there twice"};
        }
        words.push_back(std::move(word));
    }
    return words;
}

// Backtracks to the last star only, so the work is at most pattern times text.
bool matches_pattern(std::string_view pattern, std::string_view text) noexcept
{
    std::size_t at = 0;
    std::size_t in_pattern = 0;
    std::size_t star = std::string_view::npos;
    std::size_t after_star = 0;
    while (at < text.size()) {
        const bool is_star = in_pattern < pattern.size() && pattern[in_pattern] == '*';
        const bool fits = in_pattern < pattern.size() &&
                          (pattern[in_pattern] == '?' || pattern[in_pattern] == text[at]);
        if (is_star) {
            star = in_pattern++;
            after_star = at;
        } else if (fits) {
            ++in_pattern;
            ++at;
        } else if (star != std::string_view::npos) {
            in_pattern = star + 1;
            at = ++after_star;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view text) noexcept
{
    return std::any_of(patterns.begin(), patterns.end(), [text](const std::string& pattern) {
        return matches_pattern(pattern, text);
    });
}

} // namespace sealstream::security
