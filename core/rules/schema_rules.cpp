#include "core/rules/schema_rules.hpp"

#include "core/event/canonical_json.hpp"
#include "core/rules/system_streams.hpp"

#include <boost/json/object.hpp>

namespace sealstream {

namespace json = boost::json;

namespace {

constexpr JsonLimits registration_limits{128, 4 * schema_bytes_max};

Error not_understood(const StoredEvent& event, const std::string& what)
{
    return Error{Errc::unsupported,
                 "position " + std::to_string(event.position.value) +
                     " is a registration that this version does not know: " + what};
}

Result<void> check_version(const StoredEvent& event, Version before)
{
    if (event.event.version != before.next()) {
        return Error{Errc::corrupt, event.event.stream.to_string() + " goes on with version " +
                                        std::to_string(event.event.version.value) + " after " +
                                        std::to_string(before.value)};
    }
    return {};
}

std::string who(const Draft& draft)
{
    return draft.actor.empty() ? draft.source : draft.actor;
}

Result<json::value> member_of(const StoredEvent& event, const char* name)
{
    SEAL_TRY(data, parse_json(event.event.draft.data, registration_limits));
    const auto* object = data.if_object();
    const auto* member = object == nullptr ? nullptr : object->if_contains(name);
    if (member == nullptr) {
        return Error{Errc::malformed, std::string{"\""} + name + "\" is missing"};
    }
    return *member;
}

json::string_view view(std::string_view text)
{
    return {text.data(), text.size()};
}

} // namespace

Result<void> SchemaRules::apply(const StoredEvent& event)
{
    const auto& draft = event.event.draft;
    const bool is_schema = event.event.stream.type == schema_stream_type;
    if (draft.type != (is_schema ? schema_event_type : redaction_event_type)) {
        return not_understood(event, draft.type);
    }
    return is_schema ? apply_schema(event) : apply_redaction(event);
}

Result<void> SchemaRules::apply_schema(const StoredEvent& event)
{
    const auto& type = event.event.stream.id;
    auto schema = member_of(event, "schema");
    auto wish = member_of(event, "compatibility");
    if (!schema || !wish || !wish->is_string()) {
        return not_understood(event, "its members");
    }
    const auto compatibility =
        parse_compatibility({wish->get_string().data(), wish->get_string().size()});
    auto compiled = JsonSchema::compile(*schema);
    if (!compatibility || !compiled) {
        return not_understood(event,
                              describe(!compatibility ? compatibility.error() : compiled.error()));
    }
    const auto* known = this->schema(type);
    SEAL_TRY_VOID(check_version(event, known == nullptr ? Version{} : known->latest().version));

    auto version = std::make_shared<const SchemaVersion>(
        SchemaVersion{to_canonical_json(*schema), *compatibility, event.event.version,
                      event.position, event.ingested, who(event.event.draft)});
    const auto [row, is_new] = schemas_.try_emplace(type, SchemaRow{{}, *compiled});
    row->second.compiled = *std::move(compiled);
    row->second.versions.push_back(std::move(version));
    return {};
}

Result<void> SchemaRules::apply_redaction(const StoredEvent& event)
{
    const auto& type = event.event.stream.id;
    const auto after = member_of(event, "after");
    auto redactions =
        after ? parse_redactions(*after) : Result<std::vector<Redaction>>{after.error()};
    if (!redactions) {
        return not_understood(event, describe(redactions.error()));
    }
    const auto* known = redaction(type);
    SEAL_TRY_VOID(check_version(event, known == nullptr ? Version{} : known->version));
    redactions_[type] = RedactionRow{*std::move(redactions), event.event.version, event.position,
                                     event.ingested, who(event.event.draft)};
    return {};
}

void SchemaRules::redact(Draft& draft) const
{
    const auto* row = redaction(draft.type);
    if (row != nullptr && !row->redactions.empty()) {
        sealstream::redact(draft, row->redactions);
    }
}

const SchemaRow* SchemaRules::schema(std::string_view type) const noexcept
{
    const auto found = schemas_.find(type);
    return found == schemas_.end() ? nullptr : &found->second;
}

const RedactionRow* SchemaRules::redaction(std::string_view type) const noexcept
{
    const auto found = redactions_.find(type);
    return found == redactions_.end() ? nullptr : &found->second;
}

std::string schema_data(std::string_view type, const json::value& schema,
                        Compatibility compatibility)
{
    const json::object data{{"event_type", view(type)},
                            {"schema", schema},
                            {"compatibility", view(name(compatibility))}};
    return to_canonical_json(data);
}

std::string redaction_data(std::string_view type, const RedactionRow* before,
                           const std::vector<Redaction>& after)
{
    const json::object data{
        {"event_type", view(type)},
        {"before", before == nullptr ? json::value(nullptr) : to_json(before->redactions)},
        {"after", to_json(after)}};
    return to_canonical_json(data);
}

} // namespace sealstream
