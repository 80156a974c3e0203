#include "node/rules/schema_editor.hpp"

#include "core/base/log.hpp"
#include "core/event/canonical_json.hpp"
#include "core/rules/system_streams.hpp"
#include "node/rules/catch_up.hpp"

#include <boost/json/value.hpp>

namespace sealstream {

namespace {

constexpr int schema_tries_max = 5; // against others who register for the same type

Result<boost::json::value> parse_schema(const std::string& text)
{
    return parse_json(text, {128, 4 * schema_bytes_max});
}

struct Plan {
    std::vector<StreamAppend> batch; // empty: nothing changes
    std::vector<SchemaBreak> breaks;
};

StreamAppend to_append(std::string_view stream_type, const SchemaEdit& edit, Version before,
                       std::string_view event_type, std::string data, EventId id)
{
    Draft draft;
    draft.id = id;
    draft.type = event_type;
    draft.source = edit.source;
    draft.actor = edit.actor;
    draft.data = std::move(data);
    fill_random(draft.salt);
    const bool is_first = before == Version{};
    StreamAppend append{{std::string{stream_type}, edit.type},
                        {is_first ? Expected::Kind::absent : Expected::Kind::version, before},
                        {}};
    append.drafts.push_back(std::move(draft));
    return append;
}

Result<void> plan_schema(Plan& plan, const SchemaEdit& edit, const Rulebook& rules,
                         EventIdSource& ids, const SchemaEditLimits& limits)
{
    const auto* row = rules.schemas.schema(edit.type);
    const Version before = row == nullptr ? Version{} : row->latest().version;
    const StreamHead seen{before, row == nullptr ? Position{} : row->latest().position, {}};
    SEAL_TRY_VOID(check_expected(edit.expected, seen));
    SEAL_TRY(schema, parse_schema(*edit.schema));
    const auto compiled = JsonSchema::compile(schema);
    if (!compiled) {
        return compiled.error();
    }
    const auto compatibility = edit.compatibility.value_or(
        row == nullptr ? Compatibility::backward : row->latest().compatibility);
    if (row != nullptr) {
        if (row->latest().text == *edit.schema && row->latest().compatibility == compatibility) {
            return {};
        }
        SEAL_TRY(old_schema, parse_schema(row->latest().text));
        plan.breaks = find_breaks(old_schema, schema, compatibility);
    }
    const bool is_full = row == nullptr ? rules.schemas.schemas().size() >= limits.types_max
                                        : row->versions.size() >= limits.versions_max;
    if (is_full) {
        return Error{Errc::refused, "there are as many schemas as the settings allow"};
    }
    plan.batch.push_back(to_append(schema_stream_type, edit, before, schema_event_type,
                                   schema_data(edit.type, schema, compatibility), ids.next()));
    return {};
}

Result<void> plan_redactions(Plan& plan, const SchemaEdit& edit, const Rulebook& rules,
                             EventIdSource& ids, const SchemaEditLimits& limits)
{
    const auto* row = rules.schemas.redaction(edit.type);
    const bool is_same =
        row == nullptr ? edit.redactions->empty() : row->redactions == *edit.redactions;
    if (is_same) {
        return {};
    }
    if (row == nullptr && rules.schemas.redactions().size() >= limits.types_max) {
        return Error{Errc::refused, "there are as many redactions as the settings allow"};
    }
    plan.batch.push_back(to_append(redaction_stream_type, edit,
                                   row == nullptr ? Version{} : row->version, redaction_event_type,
                                   redaction_data(edit.type, row, *edit.redactions), ids.next()));
    return {};
}

Result<Plan> make_plan(const SchemaEdit& edit, const Rulebook& rules, EventIdSource& ids,
                       const SchemaEditLimits& limits)
{
    Plan plan;
    if (edit.schema) {
        SEAL_TRY_VOID(plan_schema(plan, edit, rules, ids, limits));
    }
    if (edit.redactions && plan.breaks.empty()) {
        SEAL_TRY_VOID(plan_redactions(plan, edit, rules, ids, limits));
    }
    return plan;
}

} // namespace

Task<Result<EditedSchema>> edit_schema(EventLog& log, RulebookFollower& rules, EventIdSource& ids,
                                       SchemaEdit edit, SchemaEditLimits limits)
{
    for (int tries = 1;; ++tries) {
        SEAL_CO_TRY(book, rules.current());
        auto plan = make_plan(edit, *book, ids, limits);
        if (!plan) {
            co_return plan.error();
        }
        if (!plan->breaks.empty() || plan->batch.empty()) {
            co_return EditedSchema{std::move(book), false, std::move(plan->breaks)};
        }
        auto batch = std::move(plan->batch);
        const auto appended = co_await log.append(std::move(batch));
        if (!appended && appended.error().code == Errc::conflict && tries < schema_tries_max) {
            StreamName schema{std::string{schema_stream_type}, edit.type};
            SEAL_CO_TRY_VOID(
                co_await catch_up(log, rules, std::move(schema), limits.apply_wait_max));
            StreamName redaction{std::string{redaction_stream_type}, edit.type};
            SEAL_CO_TRY_VOID(
                co_await catch_up(log, rules, std::move(redaction), limits.apply_wait_max));
            continue;
        }
        if (!appended) {
            co_return appended.error();
        }
        const Position position = appended->events.back().position;
        sealstream::log(
            Level::info, "schema.registered", "rules",
            {{"type", edit.type}, {"position", position.value}, {"source", edit.source}});
        const auto applied = co_await rules.applied(position, limits.apply_wait_max);
        if (!applied) {
            co_return Error{
                Errc::outcome_unknown,
                "the registration is in the log at position " + std::to_string(position.value) +
                    ", but this node does not enforce it yet: " + describe(applied.error())};
        }
        co_return EditedSchema{*applied, true, {}};
    }
}

} // namespace sealstream
