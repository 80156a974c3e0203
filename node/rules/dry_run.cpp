#include "node/rules/dry_run.hpp"

#include "core/rules/system_streams.hpp"

namespace sealstream {

namespace {

DryRunCounts& counts_of(std::map<std::string, DryRunCounts>& counts, const std::string& name,
                        std::size_t names_max)
{
    const bool has_room = counts.size() < names_max || counts.contains(name);
    return counts[has_room ? name : std::string{}];
}

void count(DryRunCounts& counts, bool is_allowed_now, bool is_allowed_then)
{
    counts.refused += is_allowed_then ? 0U : 1U;
    counts.newly_refused += is_allowed_now && !is_allowed_then ? 1U : 0U;
    counts.newly_allowed += !is_allowed_now && is_allowed_then ? 1U : 0U;
}

} // namespace

DryRun::DryRun(EmissionRules now, EmissionRules proposed, UnknownTypes unknown, DryRunLimits limits)
    : now_{std::move(now)},
      proposed_{std::move(proposed)},
      unknown_{unknown},
      limits_{limits}
{
}

void DryRun::judge(const StoredEvent& stored)
{
    const Event& event = stored.event;
    if (is_system_stream_type(event.stream.type)) {
        return;
    }
    ++events_;
    const EmissionQuestion question{event.draft.type, event.draft.source, event.stream.type};
    const bool is_allowed_now = now_.allows(question, unknown_);
    const bool is_allowed_then = proposed_.allows(question, unknown_);
    if (is_allowed_now && is_allowed_then) {
        return;
    }
    count(total_, is_allowed_now, is_allowed_then);
    count(counts_of(by_type_, event.draft.type, limits_.names_max), is_allowed_now,
          is_allowed_then);
    count(counts_of(by_source_, event.draft.source, limits_.names_max), is_allowed_now,
          is_allowed_then);
    if (is_allowed_now && examples_.size() < limits_.examples_max) {
        auto answer = proposed_.explain(question, unknown_);
        examples_.push_back({stored.position, event.draft.id, event.draft.type, event.stream,
                             event.draft.source, std::move(answer.rule), std::move(answer.reason)});
    }
}

} // namespace sealstream
