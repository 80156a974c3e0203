#include "node/http/target.hpp"

#include "core/event/position.hpp"

#include <algorithm>
#include <limits>

namespace sealstream::http {

namespace {

int hex_digit(char letter)
{
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    if (letter >= 'a' && letter <= 'f') {
        return letter - 'a' + 10;
    }
    return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

bool is_unreserved(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '-' || letter == '.' || letter == '_' ||
           letter == '~';
}

// What stands behind `name` in the list: '*', '?' or ' '. Nothing: it is not there.
std::optional<char> rule_for(std::string_view name, std::string_view list)
{
    while (!list.empty()) {
        auto entry = list.substr(0, list.find(' '));
        list.remove_prefix(std::min(entry.size() + 1, list.size()));
        char rule = ' ';
        if (entry.ends_with('*') || entry.ends_with('?')) {
            rule = entry.back();
            entry.remove_suffix(1);
        }
        if (entry == name && !entry.empty()) {
            return rule;
        }
    }
    return std::nullopt;
}

} // namespace

Result<std::string> percent_decode(std::string_view text, bool is_query)
{
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '+' && is_query) {
            plain.push_back(' ');
            continue;
        }
        if (text[at] != '%') {
            plain.push_back(text[at]);
            continue;
        }
        const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
        const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
        if (high < 0 || low < 0) {
            return Error{Errc::malformed, "'%' is not followed by two hexadecimal digits"};
        }
        plain.push_back(static_cast<char>(high * 16 + low));
        at += 2;
    }
    return plain;
}

std::string percent_encode(std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(text.size());
    for (const char letter : text) {
        if (is_unreserved(letter)) {
            encoded.push_back(letter);
            continue;
        }
        const auto value = static_cast<unsigned char>(letter);
        encoded.push_back('%');
        encoded.push_back(digits[value >> 4U]);
        encoded.push_back(digits[value & 15U]);
    }
    return encoded;
}

std::string_view take_segment(std::string_view& path) noexcept
{
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(segment.size() + 1, path.size()));
    return segment;
}

Result<Query> Query::parse(std::string_view text)
{
    Query query;
    while (!text.empty()) {
        const auto pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
        if (pair.empty()) {
            continue;
        }
        const auto name = pair.substr(0, pair.find('='));
        const auto value = pair.substr(std::min(name.size() + 1, pair.size()));
        SEAL_TRY(plain_name, percent_decode(name, true));
        SEAL_TRY(plain_value, percent_decode(value, true));
        query.parameters_.emplace_back(std::move(plain_name), std::move(plain_value));
    }
    return query;
}

Result<void> Query::check(std::string_view list) const
{
    for (auto parameter = parameters_.begin(); parameter != parameters_.end(); ++parameter) {
        const std::string& name = parameter->first;
        const auto rule = rule_for(name, list);
        const char* fault = nullptr;
        if (!rule) {
            return Error{Errc::malformed, "unknown query parameter \"" + name + "\""};
        }
        if (parameter->second.empty() && *rule != '?') {
            fault = "is empty";
        } else if (*rule != '*' &&
                   std::any_of(parameters_.begin(), parameter,
                               [&](const auto& one) { return one.first == name; })) {
            fault = "comes twice";
        }
        if (fault != nullptr) {
            return Error{Errc::malformed, "query parameter \"" + name + "\" " + fault};
        }
    }
    return {};
}

bool Query::has(std::string_view name) const noexcept
{
    return std::any_of(parameters_.begin(), parameters_.end(),
                       [name](const auto& parameter) { return parameter.first == name; });
}

std::string_view Query::get(std::string_view name) const noexcept
{
    for (const auto& [key, value] : parameters_) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

std::vector<std::string> Query::all(std::string_view name) const
{
    std::vector<std::string> values;
    for (const auto& [key, value] : parameters_) {
        if (key == name) {
            values.push_back(value);
        }
    }
    return values;
}

Result<std::optional<std::uint64_t>> Query::number(std::string_view name, std::uint64_t most) const
{
    if (!has(name)) {
        return std::optional<std::uint64_t>{};
    }
    const auto number = parse_place(get(name));
    if (!number || *number > most) {
        return Error{Errc::malformed, "query parameter \"" + std::string{name} +
                                          "\" is not a number from 0 to " + std::to_string(most)};
    }
    return std::optional<std::uint64_t>{*number};
}

} // namespace sealstream::http
