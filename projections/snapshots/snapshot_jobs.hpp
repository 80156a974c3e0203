#pragma once

// Takes snapshots of the projections that a projector owns: those that are due by the policy, and
// those that somebody has asked for; then drops what is too much. One at a time; folding goes on.
// Copies that may hold forgotten payloads go before.
//
// Executor  run() is one coroutine on the I/O thread; SQL runs on the blocking pool, on a session
//           of its own.
// Shutdown  After a stop the one that is being taken is cancelled: nothing of it is left.

#include "projections/fold_run.hpp"
#include "projections/snapshots/metrics.hpp"
#include "projections/snapshots/snapshot_store.hpp"

#include <atomic>

namespace sealstream {

class SnapshotJobs {
public:
    // Only those whose names are among `projections`. All outlive this.
    SnapshotJobs(FoldContext context, std::vector<std::string> projections, SnapshotPolicy policy,
                 SnapshotMetrics* metrics);

    // Until a stop is asked for.
    [[nodiscard]] Task<void> run();

private:
    [[nodiscard]] Task<void> forget();
    [[nodiscard]] Task<Result<void>> look();
    [[nodiscard]] Task<Result<void>> take(DueSnapshot due);
    [[nodiscard]] Task<void> take_one(std::string projection);
    [[nodiscard]] Task<void> cancel();

    FoldContext context_;
    const std::vector<std::string> projections_;
    const SnapshotPolicy policy_;
    SnapshotMetrics* metrics_;
    TaskGroup tasks_;
    Result<Snapshot> taken_{Snapshot{}};
    std::atomic<int> pid_{0};                       // of the session that takes it
    std::map<std::string, Monotonic> failed_until_; // a failure is not repeated at once
};

} // namespace sealstream
