#include "node/work/pack_lane.hpp"

#include "core/base/log.hpp"

#include <algorithm>

namespace sealstream {

namespace {

std::string_view severity_name(const PackInvariant& invariant)
{
    return invariant.severity == Severity::page ? "page" : "warn";
}

} // namespace

std::vector<DeclaredWork> declared_work(const Pack& pack)
{
    std::vector<DeclaredWork> all;
    for (const PackInvariant& one : pack.invariants) {
        all.push_back({WorkKind::invariant, work_name(pack.name, one.name), pack.name, one.summary,
                       std::string{severity_name(one)}, one.every});
    }
    for (const PackSchedule& one : pack.schedules) {
        all.push_back(
            {WorkKind::schedule, work_name(pack.name, one.name), pack.name, {}, {}, one.every});
    }
    return all;
}

PackLane::PackLane(WorkContext& context, PackPtr pack)
    : context_{context},
      pack_{std::move(pack)},
      reader_{context_.reader_of(*pack_)}
{
    const Backoff backoff{context_.options.retry};
    for (const PackInvariant& one : pack_->invariants) {
        items_.push_back({WorkKind::invariant,
                          work_name(pack_->name, one.name),
                          &one,
                          nullptr,
                          {one.every, {}, {}},
                          {},
                          {},
                          backoff});
    }
    for (const PackSchedule& one : pack_->schedules) {
        items_.push_back({WorkKind::schedule,
                          work_name(pack_->name, one.name),
                          nullptr,
                          &one,
                          {one.every, {}, {}},
                          {},
                          {},
                          backoff});
    }
}

Task<void> PackLane::run(Stop& stop)
{
    while (!stop.requested()) {
        co_await remember();
        for (Item& item : items_) {
            const auto moment = moment_of(item);
            if (moment && !stop.requested()) {
                co_await run_item(item, *moment);
            }
        }
        co_await stop.sleep_for(pause());
    }
}

// What others have asked for, and what an earlier owner has done. Without an answer of the database
// nothing could be run either.
Task<void> PackLane::remember()
{
    const auto read = co_await context_.store.read();
    if (!read) {
        co_return;
    }
    for (Item& item : items_) {
        const auto found = std::find_if(read->begin(), read->end(), [&](const NamedMemory& one) {
            return one.kind == item.kind && one.name == item.name;
        });
        if (found == read->end()) {
            continue;
        }
        item.memory = found->memory;
        if (item.memory.moment && (!item.pace.done || *item.pace.done < *item.memory.moment)) {
            item.pace.done = item.memory.moment;
        }
    }
}

std::optional<WallTime> PackLane::moment_of(const Item& item) const
{
    const WallTime now = context_.clock.wall();
    const bool is_waiting = item.pace.retry_at && now < *item.pace.retry_at;
    if (item.memory.asked > item.memory.answered && !is_waiting) {
        return item.memory.asked_moment ? *item.memory.asked_moment
                                        : newest_moment(now, item.pace.every);
    }
    const bool is_on = item.kind == WorkKind::invariant ? context_.options.has_invariants
                                                        : context_.options.has_schedules;
    return is_on ? due_moment(item.pace, now) : std::nullopt;
}

std::chrono::nanoseconds PackLane::pause() const
{
    const WallTime now = context_.clock.wall();
    std::chrono::nanoseconds longest = context_.options.look_interval;
    for (const Item& item : items_) {
        const auto wait = next_look(item.pace, now).nanoseconds - now.nanoseconds;
        longest = std::min(longest, std::chrono::nanoseconds{std::max<std::int64_t>(wait, 1)});
    }
    return std::max<std::chrono::nanoseconds>(longest, context_.options.pause_least);
}

Task<void> PackLane::run_item(Item& item, WallTime moment)
{
    WorkRun run;
    run.kind = item.kind;
    run.name = item.name;
    run.began = context_.clock.wall();
    run.moment = moment;
    run.answered = item.memory.asked;
    const Monotonic begin = context_.clock.monotonic();
    Result<void> done{};
    if (item.kind == WorkKind::invariant) {
        done = co_await check(item, run);
    } else {
        done = co_await emit(item, run);
    }
    run.duration =
        std::chrono::duration_cast<std::chrono::microseconds>(context_.clock.monotonic() - begin);
    if (!done && done.error().code == Errc::shutting_down) {
        co_return;
    }
    const WallTime now = context_.clock.wall();
    if (done) {
        item.pace.done = item.pace.done ? std::max(*item.pace.done, moment) : moment;
        item.pace.retry_at.reset();
        item.backoff.reset();
    } else {
        const std::chrono::nanoseconds wait = item.backoff.next();
        item.pace.retry_at = WallTime{now.nanoseconds + wait.count()};
        run.failure = done.error();
        report_failure(item, done.error());
    }
    run.next_at = next_look(item.pace, now);
    const auto recorded = co_await context_.store.record(std::move(run));
    if (!recorded) {
        log(Level::warn, "work.not_recorded", "work",
            {{"name", item.name}, {"why", describe(recorded.error())}});
    }
}

// Once for each row of failures; the status shows the latest.
void PackLane::report_failure(Item& item, const Error& error) const
{
    if (item.memory.failures++ != 0) {
        return;
    }
    const bool is_page = item.invariant != nullptr && item.invariant->severity == Severity::page &&
                         !info(error.code).is_retryable;
    // A pack is there before its tables are.
    const Level level = is_page                                  ? Level::error
                        : error.code == Errc::projection_missing ? Level::info
                                                                 : Level::warn;
    log(level, item.invariant != nullptr ? "invariant.failed" : "schedule.failed", "work",
        {{"ledger", context_.options.ledger},
         {"name", item.name},
         {"code", name(error.code)},
         {"why", error.context}});
}

} // namespace sealstream
