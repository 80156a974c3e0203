// Invariants
//   1. The stored cursor is the last position whose effects are committed (cursor_store.cpp).
//   2. What this object believes about cursors dies with each session; a new one asks the database.
//   3. Only the owner of the advisory lock claims an epoch; only the highest epoch folds.

#include "core/base/log.hpp"
#include "projections/projector_lane.hpp"
#include "projections/rebuild_jobs.hpp"
#include "projections/snapshots/snapshot_jobs.hpp"

#include <algorithm>

namespace sealstream {

namespace {

using State = ProjectorStatus::State;

} // namespace

std::string_view name(ProjectorStatus::State state)
{
    switch (state) {
    case State::starting:
        return "starting";
    case State::standby:
        return "standby";
    case State::folding:
        return "folding";
    case State::retrying:
        return "retrying";
    case State::fenced:
        return "fenced";
    case State::halted:
        return "halted";
    case State::stopped:
        return "stopped";
    }
    return "unknown";
}

Projector::Projector(EventLog& log, Pool& pool, BlockingPool& threads, const Clock& clock,
                     Stop& stop, ProjectorOptions options, ProjectorMetrics& metrics,
                     std::vector<Projection> folds)
    : context_{log, pool, threads, clock, stop, metrics, &no_faults_, std::move(options), {}},
      pacing_{context_.options.retry},
      members_{std::move(folds), context_.options},
      tasks_{stop.executor()},
      jobs_{stop.executor()}
{
}

Projector::~Projector() = default;

void Projector::set_faults(FoldFaults& faults)
{
    context_.faults = &faults;
}

ProjectorStatus Projector::status() const
{
    ProjectorStatus status = status_;
    for (const Member& member : members_.all()) {
        if (member.claimed) {
            status.projections.push_back(member.claimed->version);
        }
    }
    for (const auto& lane : lanes_) {
        status.head = std::max(status.head, lane->folding.head());
        for (const ProjectionVersion& owned : lane->folding.owned()) {
            for (ProjectionVersion& shown : status.projections) {
                if (shown.name == owned.name) {
                    shown = owned;
                }
            }
        }
        if (lane->folding.has_moved()) {
            status.last_error.clear(); // whatever it was, it is over
        }
    }
    return status;
}

Task<void> Projector::run()
{
    while (!context_.stop.requested()) {
        const auto ended = co_await session();
        if (!ended) {
            const bool goes_on = co_await goes_on_after(ended.error());
            if (!goes_on) {
                co_return;
            }
        }
    }
    status_.state = State::stopped;
}

// The session that holds the ownership never runs a pack's SQL, which could give it away.
Task<Result<void>> Projector::session()
{
    if (declared_) {
        members_.declare(*std::exchange(declared_, std::nullopt));
    }
    auto lend = [&pool = context_.pool] { return pool.lend(); };
    SEAL_CO_TRY(holder, co_await context_.threads.run(std::move(lend)));
    holder.close_at_return();

    const auto owning = co_await wait_for_ownership(*holder);
    if (!owning || context_.stop.requested()) {
        co_return owning;
    }
    Stop session_stop{context_.stop.executor()};
    jobs_.spawn("rebuild jobs", do_jobs(session_stop));
    jobs_.spawn("snapshot jobs", do_snapshots(session_stop));
    auto ended = co_await fold_in_rounds(*holder);
    session_stop.request();
    while (jobs_.running() != 0) {
        co_await jobs_.wait_idle(lane_wait_step);
    }
    co_return ended;
}

Task<Result<void>> Projector::fold_in_rounds(Connection& holder)
{
    while (!context_.stop.requested() && !declared_) {
        SEAL_CO_TRY_VOID(co_await round(holder));
    }
    co_return Result<void>{};
}

Task<void> Projector::do_jobs(Stop& session_stop)
{
    std::vector<Projection> folds;
    for (const Member& member : members_.all()) {
        folds.push_back(member.declared);
    }
    RebuildJobs jobs{job_context(session_stop), std::move(folds)};
    co_await jobs.run();
}

Task<void> Projector::do_snapshots(Stop& session_stop)
{
    std::vector<std::string> names;
    for (const Member& member : members_.all()) {
        names.push_back(member.declared.name);
    }
    SnapshotJobs jobs{job_context(session_stop), std::move(names), snapshots_, snapshot_metrics_};
    co_await jobs.run();
}

FoldContext Projector::job_context(Stop& session_stop)
{
    return FoldContext{context_.log,    context_.pool,    context_.threads,
                       context_.clock,  session_stop,     context_.metrics,
                       context_.faults, context_.options, {}};
}

Task<Result<void>> Projector::wait_for_ownership(Connection& connection)
{
    std::vector<std::string> names;
    for (const Member& member : members_.all()) {
        names.push_back(member.declared.name);
    }
    while (!context_.stop.requested()) {
        auto job = [&connection, &options = context_.options, &names] {
            return try_own(connection, options.ledger, names);
        };
        SEAL_CO_TRY(is_owner, co_await context_.threads.run(std::move(job)));
        if (is_owner) {
            break;
        }
        if (status_.state != State::standby) {
            log(Level::info, "projector.standby", "projections");
            status_.state = State::standby;
        }
        co_await context_.stop.sleep_for(context_.options.standby_poll);
    }
    co_return Result<void>{};
}

Task<bool> Projector::goes_on_after(Error failure)
{
    const Pace pace = pacing_.after(failure);
    status_.last_error = describe(failure);
    switch (pace.verdict) {
    case NextStep::go_on:
        co_return true;
    case NextStep::retry:
        report(Level::warn, "projector.retrying", failure);
        status_.state = State::retrying;
        co_await context_.stop.sleep_for(pace.wait);
        co_return true;
    case NextStep::fenced:
        report(Level::warn, "projector.fenced", failure);
        status_.state = State::fenced;
        co_return false;
    case NextStep::halt:
        report(Level::error, "projector.halted", failure);
        status_.state = State::halted;
        co_return false;
    case NextStep::stop:
        status_.state = State::stopped;
        co_return false;
    }
    co_return false;
}

} // namespace sealstream
