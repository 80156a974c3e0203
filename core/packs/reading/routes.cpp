#include "core/packs/pack_names.hpp"
#include "core/packs/reading/sections.hpp"

#include <charconv>

namespace sealstream {

namespace {

constexpr std::size_t segments_max = 8;

struct TypeName {
    ParameterType type;
    std::string_view name;
    std::string_view sql;
};
constexpr std::array type_names{
    TypeName{ParameterType::text, "text", "text"},
    TypeName{ParameterType::integer, "integer", "bigint"},
    TypeName{ParameterType::number, "number", "numeric"},
    TypeName{ParameterType::boolean, "boolean", "boolean"},
    TypeName{ParameterType::time, "time", "timestamptz"},
    TypeName{ParameterType::uuid, "uuid", "uuid"},
    TypeName{ParameterType::json, "json", "jsonb"},
    TypeName{ParameterType::position, "position", "bigint"},
};

bool is_name_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_parameter_name(std::string_view name)
{
    return !name.empty() && name.size() <= pack_part_name_bytes_max &&
           (name.front() < '0' || name.front() > '9') &&
           std::all_of(name.begin(), name.end(), is_name_letter);
}

bool is_segment(std::string_view segment)
{
    return !segment.empty() && std::all_of(segment.begin(), segment.end(), [](char c) {
        return is_name_letter(c) || c == '-' || c == '.' || c == '~';
    });
}

std::optional<double> bound(Reading& reading, const DocumentNode* node)
{
    if (node == nullptr) {
        return {};
    }
    const auto value = to_json(*node);
    if (!value.is_number()) {
        reading.fail(*node, "must be a number");
        return {};
    }
    return value.to_number<double>();
}

PackParameter read_parameter(Reading& reading, const DocumentMember& member, bool is_in_path)
{
    PackParameter made{.name = member.key, .is_in_path = is_in_path, .is_required = is_in_path};
    if (!is_parameter_name(member.key)) {
        reading.fail(member.place, member.key + " is no name of a parameter",
                     "letters, digits and _");
    }
    MapReader map{reading, member.value, "parameter " + member.key};
    if (const auto* node = map.take("type")) {
        made.type = read_type(reading, *node);
    }
    if (const auto* node = map.take("list")) {
        made.is_list = reading.boolean(*node);
    }
    if (const auto* node = map.take("required")) {
        made.is_required = reading.boolean(*node);
    }
    if (const auto* node = map.take("default")) {
        made.fallback = reading.text(*node);
    }
    if (const auto* node = map.take("choices")) {
        made.choices = reading.texts(*node);
        if (made.type != ParameterType::text) {
            reading.fail(*node, "only text has choices");
        }
    }
    made.least = bound(reading, map.take("min"));
    made.most = bound(reading, map.take("max"));
    map.finish();
    const bool is_odd = made.fallback && made.is_required;
    if (is_odd) {
        reading.fail(member.place, member.key + " is required and has a default", "keep one");
    }
    if (is_in_path && (made.is_list || !made.is_required)) {
        reading.fail(member.place,
                     member.key + " stands in the route: it is one value, and required");
    }
    return made;
}

} // namespace

ParameterType read_type(Reading& reading, const DocumentNode& node)
{
    std::vector<std::string> names;
    for (const auto& one : type_names) {
        names.emplace_back(one.name);
    }
    return type_names[reading.choice(node, names)].type;
}

std::string sql_type(ParameterType type)
{
    return std::string{std::find_if(type_names.begin(), type_names.end(), [type](const auto& one) {
                           return one.type == type;
                       })->sql};
}

RouteText read_route(Reading& reading, const DocumentNode& node,
                     const std::vector<std::string>& methods)
{
    static const std::vector<std::string> all{"GET", "POST", "PUT", "PATCH", "DELETE"};
    RouteText made;
    const std::string text = reading.text(node);
    const std::size_t space = text.find(' ');
    const std::string method = text.substr(0, space);
    if (std::find(methods.begin(), methods.end(), method) == methods.end() ||
        space == std::string::npos) {
        std::string which;
        for (const auto& one : methods) {
            which += (which.empty() ? "" : ", ") + one;
        }
        reading.fail(node, "must be a method and a path",
                     "such as " + methods.front() + " /things/{id}; methods here: " + which);
        return made;
    }
    made.method = static_cast<PackMethod>(std::find(all.begin(), all.end(), method) - all.begin());
    made.path = text.substr(space + 1);
    std::string_view rest = made.path;
    std::size_t segments = 0;
    while (rest.starts_with("/") && rest != "/") {
        const std::string_view segment = rest.substr(1, rest.find('/', 1) - 1);
        const bool is_name = segment.starts_with("{") && segment.ends_with("}");
        const std::string_view name = is_name ? segment.substr(1, segment.size() - 2) : "";
        if (is_name ? !is_parameter_name(name) : !is_segment(segment)) {
            break;
        }
        if (is_name) {
            if (std::find(made.names.begin(), made.names.end(), name) != made.names.end()) {
                reading.fail(node, "{" + std::string{name} + "} stands here twice");
            }
            made.names.emplace_back(name);
        }
        rest.remove_prefix(segment.size() + 1);
        ++segments;
    }
    if ((!rest.empty() && rest != "/") || made.path.empty() || segments > segments_max) {
        reading.fail(node, "is no path",
                     "such as /things/{id}: at most " + std::to_string(segments_max) +
                         " parts of letters, digits, '-', '.', '_', '~'");
    }
    return made;
}

std::vector<PackParameter> read_parameters(Reading& reading, const DocumentNode* node,
                                           const RouteText& route)
{
    static const std::vector<std::string> taken{"limit",        "after",        "caller_source",
                                                "caller_actor", "caller_roles", "body",
                                                "found",        "now",          "wait"};
    std::vector<PackParameter> all;
    const auto is_in_path = [&](const std::string& name) {
        return std::find(route.names.begin(), route.names.end(), name) != route.names.end();
    };
    each_named(reading, node, "parameters", [&](const auto& member) {
        all.push_back(read_parameter(reading, member, is_in_path(member.key)));
        if (std::find(taken.begin(), taken.end(), member.key) != taken.end()) {
            reading.fail(member.place, member.key + " is a name of the engine's own",
                         "take another one; `page` brings limit and after");
        }
    });
    for (const auto& name : route.names) {
        const bool is_there =
            std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
        if (!is_there) {
            all.push_back({.name = name, .is_in_path = true, .is_required = true});
        }
    }
    return all;
}

PackRole read_role(Reading& reading, const DocumentNode* node, PackRole otherwise)
{
    if (node == nullptr) {
        return otherwise;
    }
    return static_cast<PackRole>(
        reading.choice(*node, {"anyone", "reader", "auditor", "writer", "admin"}));
}

void check_places(Reading& reading, const DocumentNode& node, const JsonTemplate& in,
                  const std::vector<PackParameter>& parameters)
{
    for (const auto& place : in.places()) {
        const std::size_t dot = place.find('.');
        const std::string root = place.substr(0, dot);
        if (root != "path" && root != "query") {
            continue;
        }
        const std::string name = dot == std::string::npos ? "" : place.substr(dot + 1);
        const bool is_there =
            name.empty() || std::any_of(parameters.begin(), parameters.end(), [&](const auto& one) {
                return one.name == name && one.is_in_path == (root == "path");
            });
        const bool is_of_page =
            root == "query" && (name == "limit" || name == "after" || name == "wait");
        if (!is_there && !is_of_page) {
            reading.fail(node, "there is no {" + place + "}",
                         root == "path" ? "write {" + name + "} into the route"
                                        : "declare " + name + " in parameters");
        }
    }
}

SqlNames route_names(const std::vector<PackParameter>& parameters)
{
    SqlNames names{{"caller_source", "text"}, {"caller_actor", "text"}, {"caller_roles", "text[]"}};
    for (const auto& one : parameters) {
        names.insert_or_assign(one.name, sql_type(one.type) + (one.is_list ? "[]" : ""));
    }
    return names;
}

} // namespace sealstream
