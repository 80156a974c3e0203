#include "core/event/canonical_json.hpp"

#include "core/event/canonical_scan.hpp"
#include "core/event/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace sealstream {

namespace {

namespace json = boost::json;

std::string_view view_of(const json::string_view& text)
{
    return {text.data(), text.size()};
}

template <class Integer>
void append_integer(std::string& to, Integer number)
{
    std::array<char, 24> text{};
    const auto written = std::to_chars(text.data(), text.data() + text.size(), number);
    to.append(text.data(), written.ptr);
}

void append_member(std::string& to, const json::key_value_pair& member)
{
    append_canonical_string(to, view_of(member.key()));
    to.push_back(':');
    append_canonical_json(to, member.value());
    to.push_back(',');
}

bool is_before(const json::key_value_pair* left, const json::key_value_pair* right)
{
    return is_before_in_utf16(view_of(left->key()), view_of(right->key()));
}

void append_object(std::string& to, const json::object& object)
{
    if (object.empty()) {
        to.append("{}");
        return;
    }
    to.push_back('{');
    const auto is_out_of_order = [](const auto& left, const auto& right) {
        return is_before(&right, &left);
    };
    if (std::adjacent_find(object.begin(), object.end(), is_out_of_order) == object.end()) {
        for (const auto& member : object) {
            append_member(to, member);
        }
    } else {
        std::vector<const json::key_value_pair*> members;
        members.reserve(object.size());
        for (const auto& member : object) {
            members.push_back(&member);
        }
        std::sort(members.begin(), members.end(), is_before);
        for (const auto* const member : members) {
            append_member(to, *member);
        }
    }
    to.back() = '}';
}

void append_array(std::string& to, const json::array& array)
{
    to.push_back('[');
    for (std::size_t at = 0; at < array.size(); ++at) {
        if (at != 0) {
            to.push_back(',');
        }
        append_canonical_json(to, array[at]);
    }
    to.push_back(']');
}

// Everything that is not plain, or ends a plain run early: one letter.
void append_letter(std::string& to, char letter)
{
    constexpr std::string_view digits = "0123456789abcdef";
    switch (letter) {
    case '"':
        to.append("\\\"");
        return;
    case '\\':
        to.append("\\\\");
        return;
    case '\b':
        to.append("\\b");
        return;
    case '\f':
        to.append("\\f");
        return;
    case '\n':
        to.append("\\n");
        return;
    case '\r':
        to.append("\\r");
        return;
    case '\t':
        to.append("\\t");
        return;
    default:
        break;
    }
    const auto code = static_cast<unsigned char>(letter);
    if (code < 0x20) {
        to.append("\\u00");
        to.push_back(digits[code >> 4]);
        to.push_back(digits[code & 15U]);
    } else {
        to.push_back(letter);
    }
}

} // namespace

void append_canonical_string(std::string& to, std::string_view text)
{
    to.push_back('"');
    const char* at = text.data();
    const char* const end = at + text.size();
    while (true) {
        const char* const stop = skip_plain(at, end);
        to.append(at, stop);
        if (stop == end) {
            break;
        }
        append_letter(to, *stop);
        at = stop + 1;
    }
    to.push_back('"');
}

void append_canonical_json(std::string& to, const json::value& value)
{
    switch (value.kind()) {
    case json::kind::null:
        to.append("null");
        return;
    case json::kind::bool_:
        to.append(value.get_bool() ? "true" : "false");
        return;
    case json::kind::int64:
        append_integer(to, value.get_int64());
        return;
    case json::kind::uint64:
        append_integer(to, value.get_uint64());
        return;
    case json::kind::double_:
        append_canonical_double(to, value.get_double());
        return;
    case json::kind::string:
        append_canonical_string(to, view_of(value.get_string()));
        return;
    case json::kind::array:
        append_array(to, value.get_array());
        return;
    case json::kind::object:
        append_object(to, value.get_object());
        return;
    }
}

std::string to_canonical_json(const json::value& value)
{
    std::string text;
    append_canonical_json(text, value);
    return text;
}

Result<std::string> canonical_json(std::string_view text, JsonLimits limits)
{
    // Careful clients send the canonical form already: then a look is enough.
    const bool is_small_enough = text.size() <= limits.bytes_max;
    if (is_small_enough && is_canonical_json(text, limits.depth_max)) {
        return std::string{text};
    }
    const auto parsed = parse_json(text, limits);
    if (!parsed) {
        return parsed.error();
    }
    std::string written;
    written.reserve(text.size());
    append_canonical_json(written, *parsed);
    return written;
}

} // namespace sealstream
