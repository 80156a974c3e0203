#include "node/http/openapi/yaml_text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <charconv>

namespace sealstream {

namespace {

namespace json = boost::json;

void append_value(std::string& to, const json::value& value, std::size_t indent);

// Boost.JSON would write 5E-1, which readers of YAML 1.1 take for a string.
void append_double(std::string& to, double value)
{
    std::array<char, 64> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    const std::string_view text{digits.data(), static_cast<std::size_t>(end - digits.data())};
    const bool is_like_integer = text.find_first_of(".e") == std::string_view::npos;
    to.append(" ").append(text).append(is_like_integer ? ".0\n" : "\n");
}

void append_members(std::string& to, const json::object& object, std::size_t indent)
{
    for (const auto& [key, member] : object) {
        to.append(indent, ' ').append(json::serialize(json::value(key))).append(":");
        append_value(to, member, indent + 2);
    }
}

void append_value(std::string& to, const json::value& value, std::size_t indent)
{
    const bool is_object = value.is_object() && !value.get_object().empty();
    const bool is_array = value.is_array() && !value.get_array().empty();
    if (value.is_double()) {
        append_double(to, value.get_double());
        return;
    }
    if (!is_object && !is_array) {
        to.append(" ").append(json::serialize(value)).append("\n");
        return;
    }
    to.append("\n");
    if (is_object) {
        append_members(to, value.get_object(), indent);
        return;
    }
    for (const json::value& element : value.get_array()) {
        to.append(indent, ' ').append("-");
        append_value(to, element, indent + 2);
    }
}

} // namespace

std::string to_yaml(std::string_view document)
{
    json::parse_options options;
    options.max_depth = 512; // schemas of packs nest
    const auto value = json::parse({document.data(), document.size()}, {}, options);
    std::string text;
    append_members(text, value.as_object(), 0);
    return text;
}

} // namespace sealstream
