#include "node/rules/pack_registrar.hpp"

#include "core/event/canonical_json.hpp"
#include "core/rules/system_streams.hpp"

#include <charconv>

namespace sealstream {

namespace {

// One pack while it is registered; the log and the follower outlive it.
class Registrar {
public:
    Registrar(EventLog& log, RulebookFollower& rules, EventIdSource& ids, PackPtr pack,
              SchemaEditLimits limits)
        : log_{log},
          rules_{rules},
          ids_{ids},
          pack_{std::move(pack)},
          limits_{limits}
    {
    }

    Task<Result<PackRegistration>> run()
    {
        for (const auto& type : pack_->event_types) {
            SEAL_CO_TRY_VOID(co_await register_schema(type));
            SEAL_CO_TRY_VOID(co_await register_policy(type));
        }
        co_return std::move(done_);
    }

private:
    void keep(const std::string& rule, const std::string& changed_by)
    {
        done_.kept.push_back(rule + ", edited by " + changed_by);
    }

    // Whether the schema is to be registered: it is another one than the latest, and none of the
    // ones before it, which a later version of the pack has followed.
    bool is_new_schema(const PackEventType& type, const SchemaRow* row, const std::string& text)
    {
        if (row == nullptr) {
            return true;
        }
        const auto& latest = row->latest();
        if (latest.text == text) {
            return latest.compatibility != type.compatibility &&
                   may_replace(latest.registered_by, *pack_);
        }
        for (const auto& version : row->versions) {
            if (version->text == text) {
                keep("schemas/" + type.name, latest.registered_by);
                return false;
            }
        }
        return true;
    }

    Task<Result<void>> register_schema(const PackEventType& type)
    {
        SEAL_CO_TRY(book, rules_.current());
        SchemaEdit edit;
        edit.type = type.name;
        edit.source = ledger_source;
        edit.actor = pack_actor(*pack_);
        if (type.schema) {
            std::string text = to_canonical_json(*type.schema);
            if (is_new_schema(type, book->schemas.schema(type.name), text)) {
                edit.schema = std::move(text);
                edit.compatibility = type.compatibility;
            }
        }
        const auto* row = book->schemas.redaction(type.name);
        const bool differs =
            row == nullptr ? !type.redactions.empty() : row->redactions != type.redactions;
        if (differs && (row == nullptr || may_replace(row->changed_by, *pack_))) {
            edit.redactions = type.redactions;
        } else if (differs) {
            keep("redactions/" + type.name, row->changed_by);
        }
        if (!edit.schema && !edit.redactions) {
            co_return Result<void>{};
        }
        auto edited = co_await edit_schema(log_, rules_, ids_, std::move(edit), limits_);
        if (!edited) {
            co_return with_context(edited.error(), "schema of " + type.name);
        }
        if (!edited->breaks.empty()) {
            co_return incompatible(type, edited->breaks);
        }
        done_.edits += edited->is_changed ? 1U : 0U;
        co_return Result<void>{};
    }

    [[nodiscard]] Error incompatible(const PackEventType& type,
                                     const std::vector<SchemaBreak>& breaks) const
    {
        std::string why = "pack " + pack_->name + ": the schema of " + type.name +
                          " may not follow the one that the ledger has (" +
                          std::string{name(type.compatibility)} + ")";
        for (const auto& one : breaks) {
            why += "\n" + (one.pointer.empty() ? "the whole" : one.pointer) + ": " + one.message;
        }
        return Error{Errc::schema_incompatible, std::move(why)};
    }

    Task<Result<void>> register_policy(const PackEventType& type)
    {
        if (!type.emission) {
            co_return Result<void>{};
        }
        SEAL_CO_TRY(book, rules_.current());
        const auto* row = book->emission.find(type.name);
        if (row != nullptr && row->policy == type.emission) {
            co_return Result<void>{};
        }
        if (row != nullptr && !may_replace(row->changed_by, *pack_)) {
            keep("policies/" + type.name, row->changed_by);
            co_return Result<void>{};
        }
        PolicyEdit edit{
            type.name, type.emission, {}, std::string{ledger_source}, pack_actor(*pack_)};
        const auto edited = co_await edit_policy(log_, rules_, ids_, std::move(edit),
                                                 limits_.types_max, limits_.apply_wait_max);
        if (!edited) {
            co_return with_context(edited.error(), "policy of " + type.name);
        }
        done_.edits += edited->is_changed ? 1U : 0U;
        co_return Result<void>{};
    }

    EventLog& log_;
    RulebookFollower& rules_;
    EventIdSource& ids_;
    PackPtr pack_;
    SchemaEditLimits limits_;
    PackRegistration done_;
};

} // namespace

std::string pack_actor(const Pack& pack)
{
    return "pack:" + pack.name + "@" + std::to_string(pack.version);
}

bool may_replace(std::string_view changed_by, const Pack& pack)
{
    const std::string mine = "pack:" + pack.name + "@";
    if (!changed_by.starts_with(mine)) {
        return false;
    }
    const std::string_view number = changed_by.substr(mine.size());
    std::uint32_t version = 0;
    const auto [end, failed] =
        std::from_chars(number.data(), number.data() + number.size(), version);
    return failed == std::errc{} && end == number.data() + number.size() && version <= pack.version;
}

Task<Result<PackRegistration>> register_pack(EventLog& log, RulebookFollower& rules,
                                             EventIdSource& ids, PackPtr pack,
                                             SchemaEditLimits limits)
{
    Registrar registrar{log, rules, ids, std::move(pack), limits};
    co_return co_await registrar.run();
}

} // namespace sealstream
