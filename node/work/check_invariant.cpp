// How a lane looks at an invariant, and tells what it has seen.

#include "core/base/log.hpp"
#include "core/rules/system_streams.hpp"
#include "node/rules/pack_registrar.hpp"
#include "node/work/own_streams.hpp"
#include "node/work/pack_lane.hpp"

namespace sealstream {

namespace {

StreamName stream_of(const std::string& name)
{
    return {std::string{invariant_stream_type}, name};
}

// Somebody else has told it, or something else, in the meantime.
bool is_overtaken(const Error& error)
{
    return error.code == Errc::conflict || error.code == Errc::key_reuse;
}

std::string json_list(const std::vector<std::string>& rows)
{
    std::string list{"["};
    for (const std::string& row : rows) {
        list.append(list.size() == 1 ? "" : ",").append(row);
    }
    return list + "]";
}

} // namespace

Task<Result<void>> PackLane::check(Item& item, WorkRun& run)
{
    for (int tries = 1;; ++tries) {
        if (!item.told) {
            SEAL_CO_TRY_VOID(co_await learn(item));
        }
        SEAL_CO_TRY(seen, co_await look(item));
        const Telling telling = tell(*item.told, *item.invariant, seen, context_.clock.wall());
        if (telling != Telling::nothing) {
            const auto told = co_await tell_it(item, seen, telling);
            if (!told && is_overtaken(told.error()) && tries < context_.options.append_tries_max) {
                continue;
            }
            if (!told) {
                co_return told.error();
            }
        }
        run.state = seen.rows.empty() ? "held" : "breached";
        run.cursor = seen.cursor;
        run.rows = json_list(seen.rows);
        run.has_more_rows = seen.has_more;
        run.told = item.told->position;
        co_return Result<void>{};
    }
}

// From the log. What nobody was paged for, because its runner ended in between, is said now.
Task<Result<void>> PackLane::learn(Item& item)
{
    auto stream = stream_of(item.name);
    SEAL_CO_TRY(last, co_await last_event(context_.log, std::move(stream)));
    BreachState state;
    if (last) {
        SEAL_CO_TRY(known, breach_state(*last));
        state = std::move(known);
    }
    item.told = std::move(state);
    if (item.memory.told < item.told->position) {
        say(item, 0);
    }
    co_return Result<void>{};
}

Task<Result<InvariantLook>> PackLane::look(const Item& item)
{
    PackQuestion question;
    question.sql = item.invariant->sql.text;
    question.rows_max = context_.options.breach_rows_max;
    question.bytes_max = context_.options.breach_bytes_max;
    question.time_max = context_.options.statement_time_max;
    question.at_least = item.told->seen;
    const auto rows = co_await reader_->read(std::move(question));
    if (!rows && rows.error().code == Errc::too_large) {
        // There are rows, whatever their size.
        InvariantLook large{item.told->seen, {R"("the rows are too large to be shown")"}, true};
        co_return large;
    }
    if (!rows) {
        co_return rows.error();
    }
    if (!rows->is_even) {
        co_return Error{Errc::projection_behind,
                        "the projections of pack " + pack_->name + " stand at different positions"};
    }
    co_return InvariantLook{rows->reached, rows->rows, rows->has_more};
}

Task<Result<void>> PackLane::tell_it(Item& item, const InvariantLook& look, Telling telling)
{
    const BreachState before = *item.told;
    auto draft = breach_event(*pack_, *item.invariant, before, look, telling);
    std::vector<StreamAppend> batch;
    batch.push_back(
        own_append(stream_of(item.name), before.version, std::move(draft), pack_actor(*pack_)));
    item.told.reset(); // until the log's answer is clear
    const auto appended = co_await context_.log.append(std::move(batch));
    if (!appended) {
        co_return appended.error();
    }
    BreachState after = before;
    after.is_breached = telling != Telling::ends;
    after.version = before.version.next();
    after.position = appended->events.front().position;
    after.seen = look.cursor;
    after.first_seen = telling == Telling::begins ? look.cursor : before.first_seen;
    after.number = telling == Telling::begins ? 1 : before.number + 1;
    after.digest = rows_digest(look);
    after.told_at = context_.clock.wall();
    item.told = std::move(after);
    say(item, look.rows.size());
    co_return Result<void>{};
}

// The page. An error line means that a person must act.
void PackLane::say(const Item& item, std::size_t rows) const
{
    const BreachState& state = *item.told;
    const bool is_page = item.invariant->severity == Severity::page;
    const Level level = is_page ? Level::error : Level::warn;
    log(state.is_breached ? level : Level::info,
        state.is_breached ? "invariant.breached" : "invariant.held", "work",
        {{"ledger", context_.options.ledger},
         {"invariant", item.name},
         {"summary", item.invariant->summary},
         {"position", state.position.value},
         {"seen", state.seen.value},
         {"first_seen", state.first_seen.value},
         {"number", state.number},
         {"rows", rows}});
}

} // namespace sealstream
