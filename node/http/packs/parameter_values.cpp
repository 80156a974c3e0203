#include "node/http/packs/parameter_values.hpp"

#include "core/event/canonical_json.hpp"
#include "core/event/event_id.hpp"
#include "core/event/json_text.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sealstream::http {

namespace {

namespace json = boost::json;

Error parameter_fault(const PackParameter& parameter, const std::string& what)
{
    Error error{Errc::malformed, "\"" + parameter.name + "\" " + what};
    error.details = "\"parameter\":";
    append_canonical_string(error.details, parameter.name);
    return error;
}

std::string bound_text(double bound)
{
    std::string text;
    append_canonical_double(text, bound);
    return text;
}

// "is a whole number between 1 and 10", "… of at most 10".
Error out_of_bounds(const PackParameter& parameter, std::string what)
{
    if (parameter.least && parameter.most) {
        what += " between " + bound_text(*parameter.least) + " and " + bound_text(*parameter.most);
    } else if (parameter.least) {
        what += " of at least " + bound_text(*parameter.least);
    } else if (parameter.most) {
        what += " of at most " + bound_text(*parameter.most);
    }
    return parameter_fault(parameter, what);
}

bool is_within(const PackParameter& parameter, double value)
{
    return value >= parameter.least.value_or(value) && value <= parameter.most.value_or(value);
}

ParameterValue text_value(std::string text)
{
    return {PackValue{text}, json::value(text)};
}

Result<ParameterValue> parse_text(const PackParameter& parameter, std::string_view text)
{
    if (text.find('\0') != std::string_view::npos || !is_utf8(text)) {
        return parameter_fault(parameter, "is UTF-8 text without NUL");
    }
    const auto& choices = parameter.choices;
    if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end()) {
        std::string what = "is one of";
        for (const std::string& choice : choices) {
            what.append(&choice == &choices.front() ? " " : ", ").append(choice);
        }
        return parameter_fault(parameter, what);
    }
    const double most = parameter.most.value_or(static_cast<double>(parameter_bytes_max));
    const auto bytes = static_cast<double>(text.size());
    if (bytes > most || bytes < parameter.least.value_or(0)) {
        return parameter_fault(parameter, "is text of " + bound_text(parameter.least.value_or(0)) +
                                              " to " + bound_text(most) + " bytes");
    }
    return text_value(std::string{text});
}

Result<ParameterValue> parse_integer(const PackParameter& parameter, std::string_view text)
{
    std::int64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size() ||
        !is_within(parameter, static_cast<double>(value))) {
        return out_of_bounds(parameter, "is a whole number");
    }
    return ParameterValue{PackValue{std::to_string(value)}, json::value(value)};
}

Result<ParameterValue> parse_number(const PackParameter& parameter, std::string_view text)
{
    double value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) ||
        !is_within(parameter, value)) {
        return out_of_bounds(parameter, "is a number");
    }
    return ParameterValue{PackValue{std::string{text}}, json::value(value)};
}

Result<ParameterValue> parse_json_value(const PackParameter& parameter, std::string_view text)
{
    const auto value = parse_json(text);
    // jsonb has no NUL.
    if (!value || text.find("\\u0000") != std::string_view::npos) {
        return parameter_fault(parameter, "is JSON");
    }
    return ParameterValue{PackValue{to_canonical_json(*value)}, *value};
}

Result<ParameterValue> parse_one(const PackParameter& parameter, std::string_view text)
{
    switch (parameter.type) {
    case ParameterType::text:
        return parse_text(parameter, text);
    case ParameterType::integer:
        return parse_integer(parameter, text);
    case ParameterType::number:
        return parse_number(parameter, text);
    case ParameterType::boolean:
        if (text != "true" && text != "false") {
            return parameter_fault(parameter, "is true or false");
        }
        return ParameterValue{PackValue{std::string{text}}, json::value(text == "true")};
    case ParameterType::time: {
        const auto time = from_rfc3339(text);
        if (!time) {
            return parameter_fault(parameter, "is an RFC 3339 date and time");
        }
        return text_value(to_rfc3339(*time));
    }
    case ParameterType::uuid: {
        const auto id = EventId::parse(text);
        if (!id) {
            return parameter_fault(parameter, "is a UUID");
        }
        return text_value(id->to_string());
    }
    case ParameterType::json:
        return parse_json_value(parameter, text);
    case ParameterType::position: {
        const auto place = parse_place(text);
        if (!place) {
            return parameter_fault(parameter, "is a position: a decimal number from 0");
        }
        return text_value(std::to_string(*place));
    }
    }
    return parameter_fault(parameter, "has no type");
}

Result<ParameterValue> parse_list(const PackParameter& parameter, std::string_view text)
{
    std::vector<std::string> items;
    json::array array;
    while (!text.empty()) {
        const auto item = text.substr(0, text.find(','));
        text.remove_prefix(std::min(item.size() + 1, text.size()));
        SEAL_TRY(value, parse_one(parameter, item));
        items.push_back(std::get<std::string>(value.sql));
        array.push_back(std::move(value.json));
    }
    if (items.size() > parameter_items_max) {
        return parameter_fault(parameter, "is a list of at most " +
                                              std::to_string(parameter_items_max) + " items");
    }
    return ParameterValue{PackValue{std::move(items)}, json::value(std::move(array))};
}

// As the request writes it; a list may also be repeated. Nothing: it was not given.
Result<std::optional<std::string>> written(const RequestContext& request, const Query& query,
                                           const PackParameter& parameter)
{
    if (parameter.is_in_path) {
        SEAL_TRY(text, request.path_parameter(parameter.name));
        return std::optional{std::move(text)};
    }
    if (!query.has(parameter.name)) {
        return parameter.fallback;
    }
    const auto all = query.all(parameter.name);
    if (all.size() > 1 && !parameter.is_list) {
        return parameter_fault(parameter, "is given more than once");
    }
    std::string text;
    for (const std::string& one : all) {
        text.append(text.empty() ? "" : ",").append(one);
    }
    return std::optional{std::move(text)};
}

Result<void> allow_only(const Query& query, const std::vector<PackParameter>& parameters,
                        const std::vector<std::string_view>& reserved)
{
    for (const auto& [key, value] : query.parameters()) {
        const bool is_reserved = std::find(reserved.begin(), reserved.end(), key) != reserved.end();
        const bool is_declared = std::any_of(parameters.begin(), parameters.end(),
                                             [name = std::string_view{key}](const auto& one) {
                                                 return !one.is_in_path && one.name == name;
                                             });
        if (!is_reserved && !is_declared) {
            PackParameter unknown;
            unknown.name = key;
            return parameter_fault(unknown, "is no parameter of this route");
        }
    }
    return {};
}

} // namespace

std::string_view name(ParameterType type) noexcept
{
    switch (type) {
    case ParameterType::text:
        return "text";
    case ParameterType::integer:
        return "integer";
    case ParameterType::number:
        return "number";
    case ParameterType::boolean:
        return "boolean";
    case ParameterType::time:
        return "time";
    case ParameterType::uuid:
        return "uuid";
    case ParameterType::json:
        return "json";
    case ParameterType::position:
        return "position";
    }
    return "?";
}

Result<ParameterValue> parse_parameter(const PackParameter& parameter, std::string_view text)
{
    return parameter.is_list ? parse_list(parameter, text) : parse_one(parameter, text);
}

Result<ParameterValues> parse_parameters(const RequestContext& request, const Query& query,
                                         const std::vector<PackParameter>& parameters,
                                         const std::vector<std::string_view>& reserved)
{
    SEAL_TRY_VOID(allow_only(query, parameters, reserved));
    ParameterValues values;
    for (const PackParameter& parameter : parameters) {
        SEAL_TRY(text, written(request, query, parameter));
        if (!text) {
            if (parameter.is_required) {
                return parameter_fault(parameter, "must be given");
            }
            values.sql.emplace(parameter.name, PackValue{});
            continue;
        }
        SEAL_TRY(value, parse_parameter(parameter, *text));
        values.sql.emplace(parameter.name, std::move(value.sql));
        auto& scope = parameter.is_in_path ? values.path : values.query;
        scope.insert_or_assign(parameter.name, std::move(value.json));
    }
    return values;
}

Result<std::vector<PackValue>>
bind_values(const BoundSql& sql, const std::map<std::string, PackValue, std::less<>>& values)
{
    std::vector<PackValue> bound;
    for (const std::string& parameter : sql.parameters) {
        const auto found = values.find(parameter);
        if (found == values.end()) {
            return Error{Errc::internal, "the pack's SQL wants :" + parameter};
        }
        bound.push_back(found->second);
    }
    return bound;
}

} // namespace sealstream::http
