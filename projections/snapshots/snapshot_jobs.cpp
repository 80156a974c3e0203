#include "projections/snapshots/snapshot_jobs.hpp"

#include "core/base/log.hpp"
#include "projections/snapshots/forgotten.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::chrono::milliseconds wait_step{200}; // how soon a stop is seen
constexpr std::chrono::seconds failure_pause{60};   // before the policy tries again

} // namespace

SnapshotJobs::SnapshotJobs(FoldContext context, std::vector<std::string> projections,
                           SnapshotPolicy policy, SnapshotMetrics* metrics)
    : context_{std::move(context)},
      projections_{std::move(projections)},
      policy_{policy},
      metrics_{metrics},
      tasks_{context_.stop.executor()}
{
}

Task<void> SnapshotJobs::run()
{
    while (!context_.stop.requested()) {
        co_await forget();
        const auto looked = co_await look();
        if (!looked) {
            log(Level::debug, "snapshot_jobs.waiting", "projections",
                {{"why", describe(looked.error())}});
        }
        co_await context_.stop.sleep_for(context_.options.head_interval);
    }
}

Task<void> SnapshotJobs::forget()
{
    auto drop = [&ledger = context_.options.ledger](Connection& connection) {
        return drop_forgotten(connection, ledger);
    };
    const auto dropped = co_await with_connection(context_.threads, context_.pool, std::move(drop));
    if (!dropped) {
        log(Level::debug, "copies.not_dropped", "projections",
            {{"why", describe(dropped.error())}});
    } else if (*dropped != 0) {
        log(Level::info, "copies.forgotten", "projections",
            {{"ledger", context_.options.ledger}, {"copies", *dropped}});
    }
}

Task<Result<void>> SnapshotJobs::look()
{
    auto find = [&ledger = context_.options.ledger, policy = policy_](Connection& connection) {
        return find_due_snapshots(connection, ledger, policy);
    };
    SEAL_CO_TRY(due, co_await with_connection(context_.threads, context_.pool, std::move(find)));
    for (const DueSnapshot& one : due) {
        const bool is_ours = std::find(projections_.begin(), projections_.end(), one.projection) !=
                             projections_.end();
        const auto pause = failed_until_.find(one.projection);
        const bool is_paused = !one.is_ordered && pause != failed_until_.end() &&
                               context_.clock.monotonic() < pause->second;
        if (is_ours && !is_paused && !context_.stop.requested()) {
            SEAL_CO_TRY_VOID(co_await take(one));
        }
    }
    co_return Result<void>{};
}

Task<Result<void>> SnapshotJobs::take(DueSnapshot due)
{
    const Monotonic begun = context_.clock.monotonic();
    tasks_.spawn("snapshot", take_one(due.projection));
    while (tasks_.running() != 0) {
        co_await tasks_.wait_idle(wait_step);
        if (tasks_.running() != 0 && context_.stop.requested()) {
            co_await cancel();
        }
    }
    const auto took = context_.clock.monotonic() - begun;
    const bool is_swapping = !taken_ && taken_.error().code == Errc::conflict;
    if (context_.stop.requested() || is_swapping) {
        co_return Result<void>{}; // the order stays
    }
    if (taken_) {
        log(Level::info, "snapshot.taken", "projections",
            {{"projection", due.projection},
             {"number", taken_->number},
             {"position", taken_->position.value},
             {"bytes", taken_->bytes}});
    } else {
        log(Level::warn, "snapshot.failed", "projections",
            {{"projection", due.projection}, {"why", describe(taken_.error())}});
        failed_until_[due.projection] = context_.clock.monotonic() + failure_pause;
    }
    if (metrics_ != nullptr) {
        taken_ ? metrics_->taken(due.projection, taken_->position, taken_->bytes, took)
               : metrics_->failed(due.projection);
    }
    auto end = [&ledger = context_.options.ledger, due, taken = taken_,
                keep = policy_.keep](Connection& connection) -> Result<std::size_t> {
        if (due.is_ordered) {
            SEAL_TRY_VOID(end_order(connection, ledger, due.projection, taken));
        }
        return prune_snapshots(connection, ledger, due.projection, keep);
    };
    SEAL_CO_TRY(pruned, co_await with_connection(context_.threads, context_.pool, std::move(end)));
    if (pruned != 0 && metrics_ != nullptr) {
        metrics_->pruned(due.projection, pruned);
    }
    co_return Result<void>{};
}

Task<void> SnapshotJobs::take_one(std::string projection)
{
    auto job = [this, projection = std::move(projection)]() -> Result<Snapshot> {
        SEAL_TRY(lease, context_.pool.lend());
        lease.close_at_return();
        pid_.store(lease->backend_pid());
        auto taken = take_snapshot(*lease, context_.options.ledger, projection, policy_.time_max);
        pid_.store(0);
        return taken;
    };
    taken_ = co_await context_.threads.run(std::move(job));
}

Task<void> SnapshotJobs::cancel()
{
    auto job = [pid = pid_.load()](Connection& connection) -> Result<void> {
        if (pid != 0) {
            SEAL_TRY(cancelled, connection.run("SELECT pg_catalog.pg_cancel_backend($1)",
                                               {std::to_string(pid)}));
        }
        return {};
    };
    const auto cancelled =
        co_await with_connection(context_.threads, context_.pool, std::move(job));
    if (!cancelled) { // it ends by its own time limit
        log(Level::debug, "snapshot.not_cancelled", "projections",
            {{"why", describe(cancelled.error())}});
    }
}

} // namespace sealstream
