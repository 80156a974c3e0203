// Invariants
//   1. The stored cursor is the last position whose effects are committed (cursor_store.cpp).
//   2. What this object believes about cursors dies with each session; a new one asks the database.
//   3. Only the owner of the advisory lock claims an epoch; only the highest epoch folds.

#include "projections/projector.hpp"

#include "core/base/log.hpp"

namespace sealstream {

namespace {

using State = ProjectorStatus::State;

void report(Level level, std::string_view event, const Error& error)
{
    log(level, event, "projections", {{"code", name(error.code)}, {"reason", error.context}});
}

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
    : context_{log,
               pool,
               threads,
               clock,
               stop,
               metrics,
               &no_faults_,
               std::move(options),
               std::move(folds)},
      pacing_{context_.options.retry}
{
}

void Projector::set_faults(FoldFaults& faults)
{
    context_.faults = &faults;
}

ProjectorStatus Projector::status() const
{
    ProjectorStatus status = status_;
    if (current_ != nullptr) {
        status.projections = current_->owned();
        status.head = current_->head();
        if (current_->has_moved()) {
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

Task<Result<void>> Projector::session()
{
    auto lend = [&pool = context_.pool] { return pool.lend(); };
    SEAL_CO_TRY(lease, co_await context_.threads.run(std::move(lend)));
    lease.close_at_return(); // it will own locks

    const auto owning = co_await wait_for_ownership(*lease);
    if (!owning || context_.stop.requested()) {
        co_return owning;
    }
    SEAL_CO_TRY(owned, co_await claim(*lease));
    for (const ProjectionVersion& one : owned) {
        context_.metrics.version_is(one.name, one.version, name(one.state));
        context_.metrics.halted(one.name, false);
    }
    FoldRun folding{context_, std::move(lease), std::move(owned)};
    status_.state = State::folding;
    current_ = &folding;
    auto ended = co_await folding.run(std::nullopt);
    status_ = status();
    current_ = nullptr;
    if (folding.has_moved()) {
        pacing_.succeeded();
    }
    co_return ended;
}

Task<Result<void>> Projector::wait_for_ownership(Connection& connection)
{
    while (!context_.stop.requested()) {
        auto job = [&connection, &options = context_.options, &folds = context_.folds] {
            return try_own(connection, options.ledger, folds);
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

Task<Result<std::vector<ProjectionVersion>>> Projector::claim(Connection& connection)
{
    auto job = [&connection, &options = context_.options, &folds = context_.folds,
                incarnation =
                    context_.log.incarnation()]() -> Result<std::vector<ProjectionVersion>> {
        const auto prepared = prepare_session(connection);
        if (!prepared) {
            return prepared.error();
        }
        return claim_active(connection, options.ledger, folds, incarnation);
    };
    auto owned = co_await context_.threads.run(std::move(job));
    co_return owned;
}

Task<bool> Projector::goes_on_after(Error failure)
{
    const Pace pace = pacing_.after(failure);
    status_.last_error = describe(failure);
    switch (pace.verdict) {
    case Verdict::go_on:
        co_return true;
    case Verdict::retry:
        report(Level::warn, "projector.retrying", failure);
        status_.state = State::retrying;
        co_await context_.stop.sleep_for(pace.wait);
        co_return true;
    case Verdict::fenced:
        report(Level::warn, "projector.fenced", failure);
        status_.state = State::fenced;
        co_return false;
    case Verdict::halt:
        co_await halt(std::move(failure));
        co_return false;
    case Verdict::stop:
        status_.state = State::stopped;
        co_return false;
    }
    co_return false;
}

Task<void> Projector::halt(Error reason)
{
    report(Level::error, "projector.halted", reason);
    for (const Projection& fold : context_.folds) {
        context_.metrics.halted(fold.name, true);
    }
    auto job = [&ledger = context_.options.ledger, &folds = context_.folds,
                text = describe(reason)](Connection& connection) {
        return record_halt(connection, ledger, folds, text);
    };
    const auto recorded = co_await with_connection(context_.threads, context_.pool, std::move(job));
    if (!recorded) {
        report(Level::warn, "projector.halt_not_recorded", recorded.error());
    }
    status_.state = State::halted;
}

} // namespace sealstream
