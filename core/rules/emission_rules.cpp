#include "core/rules/emission_rules.hpp"

#include "core/event/canonical_json.hpp"
#include "core/rules/system_streams.hpp"

namespace sealstream {

namespace json = boost::json;

namespace {

json::value to_json(const std::optional<EmissionPolicy>& policy)
{
    return policy ? json::value(to_json(*policy)) : json::value(nullptr);
}

// A member that is missing, or one that is new, is a rule that this version can not keep.
Result<std::optional<EmissionPolicy>> read_after(const std::string& data)
{
    SEAL_TRY(value, parse_json(data));
    const auto* members = value.if_object();
    const auto* after = members != nullptr ? members->if_contains("after") : nullptr;
    if (after == nullptr) {
        return Error{Errc::malformed, "\"after\" is missing"};
    }
    if (after->is_null()) {
        return std::optional<EmissionPolicy>{};
    }
    SEAL_TRY(policy, parse_emission_policy(*after));
    return std::optional{std::move(policy)};
}

std::string rule_of(std::string_view type, const EmissionRow& row)
{
    return "policies/" + std::string{type} + "@" + std::to_string(row.version.value);
}

std::string joined(const std::vector<std::string>& names)
{
    std::string text;
    for (const std::string& name : names) {
        text.append(text.empty() ? "" : ", ").append(name);
    }
    return text.empty() ? "nobody" : text;
}

} // namespace

Result<std::optional<EmissionPolicy>> policy_after(const Event& edit)
{
    auto after =
        edit.draft.type == policy_event_type
            ? read_after(edit.draft.data)
            : Result<std::optional<EmissionPolicy>>{Error{Errc::malformed, edit.draft.type}};
    if (!after) {
        return Error{Errc::unsupported,
                     "an edit of the policy of " + edit.stream.id +
                         " that this version does not understand: " + describe(after.error())};
    }
    return after;
}

Result<void> EmissionRules::apply(const StoredEvent& edit)
{
    const Event& event = edit.event;
    auto after = policy_after(event);
    if (!after) {
        return with_context(after.error(), "position " + std::to_string(edit.position.value));
    }
    const auto* known = find(event.stream.id);
    const Version before = known == nullptr ? Version{} : known->version;
    if (event.version != before.next()) {
        return Error{Errc::corrupt, event.stream.to_string() + " goes on with version " +
                                        std::to_string(event.version.value) + " after " +
                                        std::to_string(before.value)};
    }
    EmissionRow& row = rows_[event.stream.id];
    row.policy = *std::move(after);
    row.version = event.version;
    row.position = edit.position;
    row.changed = edit.ingested;
    row.changed_by = event.draft.actor.empty() ? event.draft.source : event.draft.actor;
    return {};
}

const EmissionRow* EmissionRules::find(std::string_view type) const noexcept
{
    const auto found = rows_.find(type);
    return found == rows_.end() ? nullptr : &found->second;
}

const EmissionPolicy* EmissionRules::policy_of(std::string_view type) const noexcept
{
    const auto* row = find(type);
    return row != nullptr && row->policy ? &*row->policy : nullptr;
}

bool EmissionRules::allows(const EmissionQuestion& question, UnknownTypes unknown) const noexcept
{
    const auto* policy = policy_of(question.type);
    if (policy == nullptr) {
        return unknown == UnknownTypes::allow;
    }
    return policy->pattern_for(question.source) != nullptr &&
           (question.stream_type.empty() || policy->allows_stream_type(question.stream_type));
}

EmissionAnswer EmissionRules::explain(const EmissionQuestion& question, UnknownTypes unknown) const
{
    const std::string type{question.type};
    const auto* policy = policy_of(question.type);
    if (policy == nullptr) {
        const bool is_allowed = unknown == UnknownTypes::allow;
        return {is_allowed, false, "policy.unknown_types",
                type + " has no policy, and types without one are " +
                    (is_allowed ? "allowed" : "refused")};
    }
    EmissionAnswer answer{true, policy->skip_in_projection, rule_of(type, *find(type)), {}};
    const auto* pattern = policy->pattern_for(question.source);
    if (pattern == nullptr) {
        answer.is_allowed = false;
        answer.reason = type + " may be emitted by " + joined(policy->sources) + ", not by " +
                        std::string{question.source};
    } else if (!question.stream_type.empty() && !policy->allows_stream_type(question.stream_type)) {
        answer.is_allowed = false;
        answer.reason = type + " belongs in streams of type " + joined(policy->stream_types) +
                        ", not " + std::string{question.stream_type};
    } else {
        answer.reason = std::string{question.source} + " fits " + *pattern;
    }
    return answer;
}

bool EmissionRules::is_skipped(std::string_view type) const noexcept
{
    const auto* policy = policy_of(type);
    return policy != nullptr && policy->skip_in_projection;
}

void EmissionRules::assume(std::string type, std::optional<EmissionPolicy> policy)
{
    rows_[std::move(type)].policy = std::move(policy);
}

std::string edit_data(std::string_view type, const std::optional<EmissionPolicy>& before,
                      const std::optional<EmissionPolicy>& after)
{
    const json::object data{{"event_type", json::string_view{type.data(), type.size()}},
                            {"before", to_json(before)},
                            {"after", to_json(after)}};
    return to_canonical_json(data);
}

} // namespace sealstream
