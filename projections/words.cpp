#include "projections/words.hpp"

#include <algorithm>

namespace sealstream {

namespace {

bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

bool is_word_byte(char letter)
{
    return is_digit(letter) || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z') || (static_cast<unsigned char>(letter) & 0x80) != 0;
}

// Lower case of a two-byte UTF-8 letter: Latin-1, Greek, Cyrillic; others stay.
unsigned lower(unsigned letter)
{
    if ((letter >= 0xc0 && letter <= 0xde && letter != 0xd7) ||
        (letter >= 0x391 && letter <= 0x3a9) || (letter >= 0x410 && letter <= 0x42f)) {
        return letter + 0x20;
    }
    return letter >= 0x400 && letter <= 0x40f ? letter + 0x50 : letter;
}

std::string lower_cased(std::string_view word)
{
    std::string result;
    result.reserve(word.size());
    for (std::size_t at = 0; at < word.size(); ++at) {
        const auto byte = static_cast<unsigned char>(word[at]);
        if (byte >= 'A' && byte <= 'Z') {
            result += static_cast<char>(byte | 0x20);
        } else if ((byte & 0xe0) == 0xc0 && at + 1 < word.size()) {
            const auto next = static_cast<unsigned char>(word[++at]);
            const unsigned letter = lower(((byte & 0x1fU) << 6) | (next & 0x3fU));
            result += static_cast<char>(0xc0 | (letter >> 6));
            result += static_cast<char>(0x80 | (letter & 0x3f));
        } else {
            result += static_cast<char>(byte);
        }
    }
    return result;
}

std::string_view cut(std::string_view word)
{
    if (word.size() <= word_bytes_max) {
        return word;
    }
    std::size_t end = word_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xc0) == 0x80) {
        --end; // not inside a character
    }
    return word.substr(0, end);
}

void add_words(std::string_view text, std::vector<std::string>& words)
{
    std::size_t at = 0;
    while (at < text.size()) {
        if (!is_word_byte(text[at])) {
            ++at;
            continue;
        }
        const std::size_t begin = at;
        while (at < text.size() && is_word_byte(text[at])) {
            ++at;
        }
        words.push_back(lower_cased(cut(text.substr(begin, at - begin))));
    }
}

void settle(std::vector<std::string>& words)
{
    if (words.size() > words_max) {
        // The first ones in the text are kept, not the first ones of the alphabet.
        std::vector<std::string> kept;
        for (std::string& word : words) {
            if (kept.size() == words_max) {
                break;
            }
            const auto place = std::lower_bound(kept.begin(), kept.end(), word);
            if (place == kept.end() || *place != word) {
                kept.insert(place, std::move(word));
            }
        }
        words.swap(kept);
        return;
    }
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
}

// Where the string that begins at the quote `begin` ends: the place of its closing quote.
std::size_t end_of_string(std::string_view json, std::size_t begin)
{
    std::size_t at = begin + 1;
    while (at < json.size() && json[at] != '"') {
        at += json[at] == '\\' ? 2U : 1U;
    }
    return std::min(at, json.size());
}

// Escapes separate words: canonical JSON escapes only quotes, backslashes and control characters.
bool add_words_of_string(std::string_view text, bool is_name, std::vector<std::string>& words)
{
    bool has_nul = false;
    std::size_t begin = 0;
    for (std::size_t at = text.find('\\'); at != std::string_view::npos;
         at = text.find('\\', begin)) {
        if (!is_name) {
            add_words(text.substr(begin, at - begin), words);
        }
        has_nul = has_nul || text.substr(at, 6) == "\\u0000";
        begin = at + (text.substr(at, 2) == "\\u" ? 6U : 2U);
    }
    if (!is_name && begin < text.size()) {
        add_words(text.substr(begin), words);
    }
    return has_nul;
}

} // namespace

std::vector<std::string> words_of_text(std::string_view text)
{
    std::vector<std::string> words;
    add_words(text, words);
    settle(words);
    return words;
}

JsonTraits scan_canonical_json(std::string_view json, std::vector<std::string>& words)
{
    words.clear();
    JsonTraits traits;
    std::size_t at = 0;
    while (at < json.size()) {
        if (json[at] == '"') {
            const std::size_t end = end_of_string(json, at);
            const bool is_name = json.substr(end, 2) == "\":";
            if (add_words_of_string(json.substr(at + 1, end - at - 1), is_name, words)) {
                traits.has_nul = true;
            }
            at = end + 1;
        } else if (is_digit(json[at])) {
            const std::size_t end = std::min(json.find_first_of(",]}", at), json.size());
            const std::string_view number = json.substr(at, end - at);
            traits.has_exponent = traits.has_exponent || number.find('e') != std::string_view::npos;
            add_words(number, words);
            at = end;
        } else {
            ++at;
        }
    }
    settle(words);
    return traits;
}

std::string without_nul(std::string_view json)
{
    std::string result{json};
    for (std::size_t at = result.find('\\'); at != std::string::npos; at = result.find('\\', at)) {
        if (result.compare(at, 6, "\\u0000") == 0) {
            result.replace(at, 6, "\\ufffd");
        }
        at += 2; // an escaped backslash does not begin an escape
    }
    return result;
}

} // namespace sealstream
