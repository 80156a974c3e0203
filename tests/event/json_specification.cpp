#include "tests/event/json_specification.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace sealstream::testing {

namespace {

namespace json = boost::json;

// Decodes valid UTF-8, one code point after another.
std::u32string points_of(std::string_view text)
{
    std::u32string points;
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        std::uint32_t point = size == 1 ? lead : lead & (0x7fU >> size);
        for (std::size_t next = 1; next < size; ++next) {
            point = point * 64 + (static_cast<unsigned char>(text[at + next]) & 0x3fU);
        }
        points.push_back(point);
        at += size;
    }
    return points;
}

std::u16string units_of(std::string_view text)
{
    std::u16string units;
    for (const char32_t point : points_of(text)) {
        if (point < 0x10000) {
            units.push_back(static_cast<char16_t>(point));
        } else {
            units.push_back(static_cast<char16_t>(0xd800 + ((point - 0x10000) >> 10)));
            units.push_back(static_cast<char16_t>(0xdc00 + ((point - 0x10000) & 0x3ff)));
        }
    }
    return units;
}

std::string printed(const char* format, unsigned number)
{
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), format, number);
    return text.data();
}

std::string specified_string(std::string_view text)
{
    const std::map<char, std::string> escapes{{'"', "\\\""}, {'\\', "\\\\"}, {'\b', "\\b"},
                                              {'\f', "\\f"}, {'\n', "\\n"},  {'\r', "\\r"},
                                              {'\t', "\\t"}};
    std::string written = "\"";
    for (const char letter : text) {
        const auto code = static_cast<unsigned char>(letter);
        if (const auto escape = escapes.find(letter); escape != escapes.end()) {
            written += escape->second;
        } else {
            written += code < 0x20 ? printed("\\u%04x", code) : std::string{letter};
        }
    }
    return written + "\"";
}

// ECMA-262, Number::toString: the fewest digits that read back as the number, then where the point
// goes.
std::string specified_double(double number)
{
    if (std::fabs(number) < 9007199254740992.0 && std::trunc(number) == number) {
        return std::to_string(static_cast<std::int64_t>(number));
    }
    std::array<char, 64> text{};
    for (int digits = 0; digits <= 17; ++digits) {
        std::snprintf(text.data(), text.size(), "%.*e", digits, std::fabs(number));
        if (std::strtod(text.data(), nullptr) == std::fabs(number)) {
            break;
        }
    }
    const std::string shown{text.data()};
    const std::size_t letter = shown.find('e');
    const int exponent = std::atoi(shown.c_str() + letter + 1);
    std::string digits = shown.substr(0, letter);
    std::erase(digits, '.');
    const std::string sign = number < 0 ? "-" : "";
    if (std::fabs(number) >= 9007199254740992.0 || exponent < -6) {
        return sign + digits.substr(0, 1) + (digits.size() > 1 ? "." + digits.substr(1) : "") +
               "e" + (exponent < 0 ? "-" : "+") + std::to_string(std::abs(exponent));
    }
    if (exponent < 0) {
        return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    }
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string space(std::mt19937_64& random)
{
    constexpr std::array<const char*, 8> spaces{"", "", "", "", " ", "\n", "\t\r", "  "};
    return spaces[random() % spaces.size()];
}

std::string wild_string(std::string_view text, std::mt19937_64& random)
{
    std::string written = "\"";
    const std::u16string units = units_of(text);
    for (std::size_t at = 0; at < units.size(); ++at) {
        const char16_t unit = units[at];
        if (unit == u'/' && random() % 2 == 0) {
            written += "\\/";
        } else if (unit < 0x20 || unit == u'"' || unit == u'\\' || unit >= 0x80 ||
                   random() % 3 == 0) {
            written += printed(random() % 2 == 0 ? "\\u%04X" : "\\u%04x", unit);
        } else {
            written += static_cast<char>(unit);
        }
    }
    return written + "\"";
}

std::string wild_double(double number, std::mt19937_64& random)
{
    std::array<char, 400> text{};
    if (random() % 2 == 0) {
        std::snprintf(text.data(), text.size(), random() % 2 == 0 ? "%.17e" : "%.20E", number);
    } else {
        std::snprintf(text.data(), text.size(), "%.16e", number);
        if (std::strtod(text.data(), nullptr) != number) {
            std::snprintf(text.data(), text.size(), "%.17g", number);
        }
    }
    std::string shown{text.data()};
    const bool is_integer = shown.find_first_of(".eE") == std::string::npos;
    return is_integer ? shown + ".0" : shown;
}

} // namespace

std::string specified_canonical(const json::value& value)
{
    if (value.is_string()) {
        return specified_string({value.get_string().data(), value.get_string().size()});
    }
    if (value.is_double()) {
        return specified_double(value.get_double());
    }
    if (value.is_array()) {
        std::string written;
        for (const auto& element : value.get_array()) {
            written += (written.empty() ? "" : ",") + specified_canonical(element);
        }
        return "[" + written + "]";
    }
    if (value.is_object()) {
        std::map<std::u16string, std::string> members;
        for (const auto& member : value.get_object()) {
            const std::string_view name{member.key().data(), member.key().size()};
            members[units_of(name)] =
                specified_string(name) + ":" + specified_canonical(member.value());
        }
        std::string written;
        for (const auto& [name, member] : members) {
            written += (written.empty() ? "" : ",") + member;
        }
        return "{" + written + "}";
    }
    if (value.is_int64()) {
        return std::to_string(value.get_int64());
    }
    if (value.is_uint64()) {
        return std::to_string(value.get_uint64());
    }
    return value.is_null() ? "null" : value.get_bool() ? "true" : "false";
}

std::string wild_spelling(const json::value& value, std::mt19937_64& random)
{
    std::string written = space(random);
    if (value.is_string()) {
        written += wild_string({value.get_string().data(), value.get_string().size()}, random);
    } else if (value.is_double()) {
        written += wild_double(value.get_double(), random);
    } else if (value.is_array()) {
        std::string elements;
        for (const auto& element : value.get_array()) {
            elements += (elements.empty() ? "" : ",") + wild_spelling(element, random);
        }
        written += "[" + elements + space(random) + "]";
    } else if (value.is_object()) {
        std::vector<std::string> members;
        for (const auto& member : value.get_object()) {
            members.push_back(space(random) +
                              wild_string({member.key().data(), member.key().size()}, random) +
                              space(random) + ":" + wild_spelling(member.value(), random));
        }
        std::shuffle(members.begin(), members.end(), random);
        std::string joined;
        for (const std::string& member : members) {
            joined += (joined.empty() ? "" : ",") + member;
        }
        written += "{" + joined + space(random) + "}";
    } else if (value.is_int64() && value.get_int64() < 1'000'000 &&
               value.get_int64() > -1'000'000 && random() % 2 == 0) {
        written += std::to_string(value.get_int64()) +
                   (random() % 2 == 0 || value.get_int64() == 0 ? ".0" : "00E-2");
    } else {
        written += specified_canonical(value);
    }
    return written + space(random);
}

} // namespace sealstream::testing
