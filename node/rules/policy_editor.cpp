#include "node/rules/policy_editor.hpp"

#include "core/base/log.hpp"
#include "core/event/digest.hpp"
#include "core/rules/system_streams.hpp"
#include "node/rules/catch_up.hpp"

namespace sealstream {

namespace {

constexpr int policy_tries_max = 5; // against others who edit the same policy

struct Before {
    std::optional<EmissionPolicy> policy;
    StreamHead head;
};

Before before_of(const Rulebook& rules, const std::string& type)
{
    const auto* row = rules.emission.find(type);
    return row == nullptr ? Before{} : Before{row->policy, {row->version, row->position, {}}};
}

Result<void> check(const PolicyEdit& edit, const Before& before, const Rulebook& rules,
                   std::size_t types_max)
{
    const StreamHead seen = before.policy ? before.head : StreamHead{}; // a removed one is absent
    SEAL_TRY_VOID(check_expected(edit.expected, seen));
    if (!edit.after && !before.policy) {
        return Error{Errc::not_found, edit.type + " has no policy"};
    }
    const bool is_full = rules.emission.rows().size() >= types_max;
    if (before.head.version == Version{} && is_full) {
        return Error{Errc::refused, "there are " + std::to_string(types_max) + " policies already"};
    }
    return {};
}

std::vector<StreamAppend> to_batch(const PolicyEdit& edit, const Before& before, EventId id)
{
    Draft draft;
    draft.id = id;
    draft.type = policy_event_type;
    draft.source = edit.source;
    draft.actor = edit.actor;
    draft.data = edit_data(edit.type, before.policy, edit.after);
    fill_random(draft.salt);
    const bool is_first = before.head.version == Version{};
    StreamAppend append{
        {std::string{policy_stream_type}, edit.type},
        {is_first ? Expected::Kind::absent : Expected::Kind::version, before.head.version},
        {}};
    append.drafts.push_back(std::move(draft));
    std::vector<StreamAppend> batch;
    batch.push_back(std::move(append));
    return batch;
}

} // namespace

Task<Result<EditedPolicy>> edit_policy(EventLog& log, RulebookFollower& rules, EventIdSource& ids,
                                       PolicyEdit edit, std::size_t types_max,
                                       std::chrono::milliseconds apply_wait_max)
{
    for (int tries = 1;; ++tries) {
        SEAL_CO_TRY(book, rules.current());
        const auto before = before_of(*book, edit.type);
        SEAL_CO_TRY_VOID(check(edit, before, *book, types_max));
        if (edit.after == before.policy) {
            co_return EditedPolicy{std::move(book), before.head.version, before.head.position,
                                   false, false};
        }
        auto batch = to_batch(edit, before, ids.next());
        const auto appended = co_await log.append(std::move(batch));
        if (!appended && appended.error().code == Errc::conflict && tries < policy_tries_max) {
            StreamName stream{std::string{policy_stream_type}, edit.type};
            SEAL_CO_TRY_VOID(co_await catch_up(log, rules, std::move(stream), apply_wait_max));
            continue;
        }
        if (!appended) {
            co_return appended.error();
        }
        const Placed& placed = appended->events.front();
        const Position position = placed.position;
        const Version version = placed.version;
        const bool is_removed = !edit.after;
        sealstream::log(Level::info, "policy.edited", "rules",
                        {{"type", edit.type},
                         {"position", position.value},
                         {"source", edit.source},
                         {"removed", is_removed}});
        const auto applied = co_await rules.applied(position, apply_wait_max);
        if (!applied) {
            co_return Error{
                Errc::outcome_unknown,
                "the edit is in the log at position " + std::to_string(position.value) +
                    ", but this node does not enforce it yet: " + describe(applied.error())};
        }
        co_return EditedPolicy{*applied, version, position, true, !before.policy};
    }
}

} // namespace sealstream
