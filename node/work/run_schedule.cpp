// How a lane runs a schedule: its rows and the ledger's own event about them are one append.

#include "core/base/log.hpp"
#include "core/rules/system_streams.hpp"
#include "node/rules/pack_registrar.hpp"
#include "node/work/own_streams.hpp"
#include "node/work/pack_lane.hpp"

namespace sealstream {

namespace {

StreamName schedule_stream(const std::string& name)
{
    return {std::string{schedule_stream_type}, name};
}

Task<Result<ScheduleState>> read_state(EventLog& log, StreamName stream)
{
    SEAL_CO_TRY(last, co_await last_event(log, std::move(stream)));
    if (!last) {
        co_return ScheduleState{};
    }
    co_return schedule_state(*last);
}

std::string beginning_of(const std::vector<std::string>& refused, std::size_t most)
{
    std::string list{"["};
    for (std::size_t at = 0; at < std::min(refused.size(), most); ++at) {
        list.append(at == 0 ? "" : ",").append(refused[at]);
    }
    return list + "]";
}

} // namespace

Task<Result<void>> PackLane::emit(Item& item, WorkRun& run)
{
    for (int tries = 1;; ++tries) {
        const auto done = co_await emit_once(item, run);
        const bool is_overtaken =
            !done && (done.error().code == Errc::conflict || done.error().code == Errc::key_reuse);
        if (is_overtaken && tries < context_.options.append_tries_max) {
            continue;
        }
        co_return done;
    }
}

Task<Result<void>> PackLane::emit_once(Item& item, WorkRun& run)
{
    auto stream = schedule_stream(item.name);
    SEAL_CO_TRY(state, co_await read_state(context_.log, std::move(stream)));
    run.state = "done";
    run.told = state.position;
    if (state.moment && run.moment <= *state.moment) {
        co_return Result<void>{}; // an earlier owner has
    }
    PackQuestion question;
    question.sql = item.schedule->sql.text;
    for (std::size_t at = 0; at < item.schedule->sql.parameters.size(); ++at) {
        question.values.emplace_back(to_rfc3339(run.moment)); // :now, wherever it stands
    }
    question.rows_max = context_.options.schedule_rows_max;
    question.bytes_max = context_.options.schedule_bytes_max;
    question.time_max = context_.options.statement_time_max;
    // The tables show what it has appended before.
    question.at_least = pack_->projections.empty() ? Position{} : state.position;
    SEAL_CO_TRY(rows, co_await reader_->read(std::move(question)));
    if (!rows.is_even) {
        co_return Error{Errc::projection_behind,
                        "the projections of pack " + pack_->name + " stand at different positions"};
    }
    if (rows.has_more) {
        co_return Error{Errc::too_large, "more than " +
                                             std::to_string(context_.options.schedule_rows_max) +
                                             " rows; add a LIMIT, the others come next time"};
    }
    run.cursor = rows.reached;
    if (rows.rows.empty()) {
        co_return Result<void>{};
    }
    std::vector<std::string> refused;
    auto events =
        take_rows(*pack_, *item.schedule, run.moment, rows.rows, context_.limits, refused);
    SEAL_CO_TRY(judged,
                co_await judge_rows(context_.admission, std::move(events), std::move(refused)));
    run.refused = judged.refused.size();
    run.rows = beginning_of(judged.refused, context_.options.refused_rows_shown);
    run.has_more_rows = judged.refused.size() > context_.options.refused_rows_shown;
    if (run.refused != 0) {
        log(Level::warn, "schedule.rows_refused", "work",
            {{"ledger", context_.options.ledger}, {"schedule", item.name}, {"rows", run.refused}});
    }
    if (judged.events == 0) {
        co_return Result<void>{}; // the log is not the place for what does not come into it
    }
    ScheduleOutcome outcome{run.moment, rows.reached, judged.events, judged.known,
                            std::move(judged.refused)};
    outcome.refused.resize(std::min(outcome.refused.size(), context_.options.refused_rows_shown));
    std::vector<StreamAppend> batch = std::move(judged.appends);
    batch.push_back(own_append(schedule_stream(item.name), state.version,
                               schedule_event(item.name, outcome), pack_actor(*pack_)));
    SEAL_CO_TRY(appended, co_await context_.log.append(std::move(batch)));
    run.appended = outcome.appended;
    run.told = appended.events.back().position;
    co_return Result<void>{};
}

} // namespace sealstream
