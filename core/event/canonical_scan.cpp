#include "core/event/canonical_scan.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace sealstream {

namespace {

const char* skip_word(const char* at, const char* end, std::string_view word)
{
    const std::string_view left{at, static_cast<std::size_t>(end - at)};
    return left.substr(0, word.size()) == word ? at + word.size() : nullptr;
}

int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

// The one canonical escape at `at`, after the backslash; nullptr for others. `meaning` is its
// character.
const char* skip_escape(const char* at, const char* end, char& meaning)
{
    constexpr std::string_view letters = "\"\\bfnrt";
    constexpr std::string_view meanings = "\"\\\b\f\n\r\t";
    if (at == end) {
        return nullptr;
    }
    if (const auto which = letters.find(*at); which != std::string_view::npos) {
        meaning = meanings[which];
        return at + 1;
    }
    if (end - at < 5 || std::string_view{at, 3} != "u00") {
        return nullptr;
    }
    const int high = hex_value(at[3]);
    const int low = hex_value(at[4]);
    if (high < 0 || high > 1 || low < 0) {
        return nullptr;
    }
    meaning = static_cast<char>(high * 16 + low);
    const bool has_shorter = meanings.find(meaning) != std::string_view::npos;
    return has_shorter ? nullptr : at + 5;
}

const char* skip_integer_or_double(const char* begin, const char* end)
{
    constexpr auto signed_max =
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const bool is_negative = *begin == '-';
    const char* const digits = begin + (is_negative ? 1 : 0);
    const char* at = digits;
    std::uint64_t size = 0;
    while (at != end && *at >= '0' && *at <= '9' && at - digits < 19) {
        size = size * 10 + static_cast<std::uint64_t>(*at - '0');
        ++at;
    }
    if (at == digits || (*digits == '0' && at - digits > 1)) {
        return nullptr;
    }
    const bool ends = at == end || ((*at < '0' || *at > '9') && *at != '.' && *at != 'e');
    if (ends) {
        const bool is_minus_zero = is_negative && size == 0;
        const bool fits = !is_negative || size <= signed_max + 1;
        return !is_minus_zero && fits ? at : nullptr;
    }
    at = std::find_if_not(at, end, [](char letter) {
        return (letter >= '0' && letter <= '9') || letter == '.' || letter == 'e' ||
               letter == '+' || letter == '-';
    });
    const std::string_view text{begin, static_cast<std::size_t>(at - begin)};
    if (text.find_first_of(".e") == std::string_view::npos) {
        const auto read = std::from_chars(digits, at, size); // a twentieth digit
        return !is_negative && read.ec == std::errc{} && read.ptr == at ? at : nullptr;
    }
    double number = 0;
    const auto read = std::from_chars(begin, at, number);
    if (read.ec != std::errc{} || read.ptr != at || !std::isfinite(number)) {
        return nullptr;
    }
    std::string written;
    append_canonical_double(written, number);
    return written == text ? at : nullptr;
}

const char* skip_value(const char* at, const char* end, std::size_t depth_left);

const char* skip_array(const char* at, const char* end, std::size_t depth_left)
{
    if (depth_left == 0) {
        return nullptr;
    }
    ++at;
    if (at != end && *at == ']') {
        return at + 1;
    }
    while (true) {
        at = skip_value(at, end, depth_left - 1);
        if (at == nullptr || at == end || (*at != ',' && *at != ']')) {
            return nullptr;
        }
        if (*at++ == ']') {
            return at;
        }
    }
}

// Order is checked on raw text as long as neither name has an escape, else on what they mean.
bool is_in_order(std::string_view left, std::string_view right)
{
    const auto has_escape = [](std::string_view name) {
        return name.find('\\') != std::string_view::npos;
    };
    if (!has_escape(left) && !has_escape(right)) {
        return is_before_in_utf16(left.substr(1, left.size() - 2),
                                  right.substr(1, right.size() - 2));
    }
    return is_before_in_utf16(unescape_canonical(left.data(), left.data() + left.size()),
                              unescape_canonical(right.data(), right.data() + right.size()));
}

const char* skip_object(const char* at, const char* end, std::size_t depth_left)
{
    if (depth_left == 0) {
        return nullptr;
    }
    ++at;
    if (at != end && *at == '}') {
        return at + 1;
    }
    std::string_view previous;
    while (true) {
        const char* const name_begin = at;
        at = skip_canonical_string(at, end);
        if (at == nullptr || at == end || *at != ':') {
            return nullptr;
        }
        const std::string_view name{name_begin, static_cast<std::size_t>(at - name_begin)};
        if (!previous.empty() && !is_in_order(previous, name)) {
            return nullptr;
        }
        previous = name;
        at = skip_value(at + 1, end, depth_left - 1);
        if (at == nullptr || at == end || (*at != ',' && *at != '}')) {
            return nullptr;
        }
        if (*at++ == '}') {
            return at;
        }
    }
}

const char* skip_value(const char* at, const char* end, std::size_t depth_left)
{
    if (at == end) {
        return nullptr;
    }
    switch (*at) {
    case '{':
        return skip_object(at, end, depth_left);
    case '[':
        return skip_array(at, end, depth_left);
    case '"':
        return skip_canonical_string(at, end);
    case 't':
        return skip_word(at, end, "true");
    case 'f':
        return skip_word(at, end, "false");
    case 'n':
        return skip_word(at, end, "null");
    default:
        return skip_integer_or_double(at, end);
    }
}

} // namespace

const char* skip_canonical_string(const char* at, const char* end)
{
    if (at == end || *at != '"') {
        return nullptr;
    }
    ++at;
    while (true) {
        at = skip_plain(at, end);
        if (at == end) {
            return nullptr;
        }
        if (*at == '"') {
            return at + 1;
        }
        if (*at == '\\') {
            char meaning{};
            at = skip_escape(at + 1, end, meaning);
            if (at == nullptr) {
                return nullptr;
            }
            continue;
        }
        const std::size_t size =
            static_cast<unsigned char>(*at) < 0x20 ? 0 : utf8_sequence_size(at, end);
        if (size == 0) {
            return nullptr;
        }
        at += size;
    }
}

const char* skip_canonical_value(const char* at, const char* end, std::size_t depth_max)
{
    return skip_value(at, end, std::min(depth_max, json_depth_ceiling));
}

std::string unescape_canonical(const char* begin, const char* end)
{
    ++begin;
    --end;
    const char* escape = std::find(begin, end, '\\');
    std::string text{begin, escape};
    while (escape != end) {
        char meaning{};
        begin = skip_escape(escape + 1, end, meaning);
        text.push_back(meaning);
        escape = std::find(begin, end, '\\');
        text.append(begin, escape);
    }
    return text;
}

} // namespace sealstream
