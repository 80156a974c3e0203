#pragma once

// Builds a projection as it was at one position: from the nearest snapshot that is what was sealed,
// else from the beginning of the log, and folds the log up to the position.
//
// Executor  The I/O thread; SQL runs on the blocking pool, over two connections.
// Leaves    A version in the state `past`, complete and held until the report is destroyed; or
//           nothing.

#include "projections/fold_run.hpp"
#include "projections/snapshots/metrics.hpp"
#include "projections/snapshots/past_versions.hpp"

namespace sealstream {

struct PastOptions {
    Position at;
    bool is_kept{false}; // ordered by an operator: stays until he drops it, and may be swapped in
    bool has_snapshots{true};                         // begins with one where it can
    std::optional<Position> snapshot{};               // only with the one at this position
    std::optional<std::uint64_t> events_max{};        // between the snapshot and the position
    std::chrono::milliseconds load_time_max{600'000}; // for filling tables from a snapshot
    SnapshotMetrics* metrics{nullptr};
};

struct PastReport {
    PastVersion past;
    std::uint64_t events{0};          // of the log, that were read
    std::vector<std::string> refused; // snapshots that are not what was sealed
    std::chrono::nanoseconds total{0};
    std::optional<Pool::Lease> holder; // the session that holds it
};

// `context` folds exactly one projection, by the SQL of `defined`, whose log it is.
//
//   corrupt       the tables were made from another log; or the log contradicts itself
//   not_found     no snapshot at the position that was wanted
//   conflict      somebody else makes the same now
//   refused       more than events_max; or the pack's SQL fails
//   and the codes of FoldRun::run()
[[nodiscard]] Task<Result<PastReport>> build_past(FoldContext context, Defined defined,
                                                  PastOptions options);

} // namespace sealstream
