#include "node/http/handlers/policy_json.hpp"

#include "core/event/canonical_json.hpp"

#include <algorithm>

namespace sealstream::http {

namespace json = boost::json;

namespace {

constexpr std::string_view class_prefix = "emit_from_";

bool emits(const EmissionPolicy& policy, const std::vector<std::string>& patterns)
{
    return std::all_of(patterns.begin(), patterns.end(), [&policy](const std::string& pattern) {
        return policy.pattern_for(pattern) != nullptr; // a pattern fits every narrower one
    });
}

bool is_of_a_class(std::string_view source, const PolicyOptions& options)
{
    for (const auto& [name, patterns] : options.classes) {
        if (std::find(patterns.begin(), patterns.end(), source) != patterns.end()) {
            return true;
        }
    }
    return false;
}

void set_class(EmissionPolicy& policy, const std::vector<std::string>& patterns, bool may_emit)
{
    for (const std::string& pattern : patterns) {
        std::erase(policy.sources, pattern);
        if (may_emit) {
            policy.sources.push_back(pattern);
        }
    }
}

Error not_a_flag(std::string_view key)
{
    return Error{Errc::malformed, "must be true or false", "/" + std::string{key}};
}

} // namespace

void append_policy_row(std::string& to, std::string_view type, const EmissionRow& row)
{
    to.append("{\"event_type\":");
    append_canonical_string(to, type);
    const auto policy = to_canonical_json(to_json(row.policy.value_or(EmissionPolicy{})));
    to.append(",").append(policy, 1, policy.size() - 2);
    to.append(",\"version\":\"").append(std::to_string(row.version.value));
    to.append("\",\"position\":\"").append(std::to_string(row.position.value));
    to.append("\",\"changed\":\"").append(to_rfc3339(row.changed)).append("\",\"changed_by\":");
    append_canonical_string(to, row.changed_by);
    to.push_back('}');
}

void append_class_row(std::string& to, std::string_view type, const EmissionPolicy& policy,
                      const PolicyOptions& options)
{
    to.append("{\"event_type\":");
    append_canonical_string(to, type);
    for (const auto& [name, patterns] : options.classes) {
        to.append(",\"").append(class_prefix).append(name).append("\":");
        to.append(emits(policy, patterns) ? "true" : "false");
    }
    to.append(",\"skip_in_projection\":").append(policy.skip_in_projection ? "true" : "false");
    json::array others;
    for (const std::string& source : policy.sources) {
        if (!is_of_a_class(source, options)) {
            others.emplace_back(source);
        }
    }
    if (!others.empty()) {
        to.append(",\"other_sources\":").append(to_canonical_json(others));
    }
    to.push_back('}');
}

Result<EmissionPolicy> parse_class_row(const json::value& value, const EmissionPolicy* before,
                                       std::string_view type, const PolicyOptions& options)
{
    if (!value.is_object() || value.get_object().empty()) {
        return Error{Errc::malformed, "a row is a JSON object with at least one member"};
    }
    for (const auto& [name, sources] : options.classes) {
        const std::string key = std::string{class_prefix} + name;
        if (before == nullptr && !value.get_object().contains(key)) {
            return Error{Errc::malformed,
                         "is missing: the first row of a type says of each class whether it emits",
                         "/" + key};
        }
    }
    EmissionPolicy policy = before == nullptr ? EmissionPolicy{} : *before;
    for (const auto& member : value.get_object()) {
        const std::string_view key{member.key().data(), member.key().size()};
        const auto known = key.starts_with(class_prefix)
                               ? options.classes.find(key.substr(class_prefix.size()))
                               : options.classes.end();
        if (key == "event_type") {
            const auto* text = member.value().if_string();
            if (text == nullptr || std::string_view{text->data(), text->size()} != type) {
                return Error{Errc::malformed, "must be the event type of the path", "/event_type"};
            }
        } else if (key == "skip_in_projection") {
            if (!member.value().is_bool()) {
                return not_a_flag(key);
            }
            policy.skip_in_projection = member.value().get_bool();
        } else if (known != options.classes.end()) {
            if (!member.value().is_bool()) {
                return not_a_flag(key);
            }
            set_class(policy, known->second, member.value().get_bool());
            if (!member.value().get_bool() && emits(policy, known->second)) {
                return Error{Errc::malformed,
                             "a wider pattern among the sources still lets them; PUT "
                             "/v1/policies/{event_type} sets all sources",
                             "/" + std::string{key}};
            }
        } else {
            return Error{Errc::malformed,
                         "unknown member; a row has skip_in_projection and emit_from_<class> for "
                         "each of policy.classes",
                         "/" + std::string{key}};
        }
    }
    return policy;
}

} // namespace sealstream::http
