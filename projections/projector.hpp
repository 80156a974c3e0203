#pragma once

// Keeps projections up to the log, exactly once.
//
// Executor      run() is one coroutine on the I/O thread; encoding and SQL run on the blocking
//               pool. It keeps connections of the pool for itself: one, and one for each lane.
// Exactly once  A batch's rows and the cursor move in one transaction, under a lock, from the
//               expected place. Starting and "the commit may have happened" are the same path:
//               read the cursor again.
// One owner     Others wait on standby and take over when the owner's session ends. Each owner
//               takes a higher epoch, so that one who still believes to be the owner is refused,
//               and stops.
// Lanes         Projections that stand close to each other share batches; one that is far behind,
//               or too slow, is folded on its own (lanes.hpp).
// Halts         A projection halts on `corrupt` and whatever else trying again can not mend, and
//               the others go on: status() and the table sealstream.projections say why. Nothing
//               is skipped. An operator lets it go on.
// Shutdown      After stop.request(), run() ends when the running transactions have.

#include "projections/fold_run.hpp"
#include "projections/lanes.hpp"
#include "projections/members.hpp"
#include "projections/pacing.hpp"
#include "projections/snapshots/metrics.hpp"
#include "projections/snapshots/policy.hpp"

namespace sealstream {

struct ProjectorStatus {
    enum class State : std::uint8_t {
        starting,
        standby,
        folding,
        retrying,
        fenced,
        halted, // all projections are
        stopped
    };

    State state{State::starting};
    std::vector<ProjectionVersion> projections; // with their cursors, as last known
    Position head;                              // of the log, as last seen
    std::string last_error;                     // for operators; empty when all is well
};

[[nodiscard]] std::string_view name(ProjectorStatus::State state);

class Projector {
public:
    Projector(EventLog& log, Pool& pool, BlockingPool& threads, const Clock& clock, Stop& stop,
              ProjectorOptions options, ProjectorMetrics& metrics,
              std::vector<Projection> folds = {event_index_projection()});
    ~Projector();

    // For tests: strikes between the steps of a pass. Before run().
    void set_faults(FoldFaults& faults);

    // Takes snapshots by this policy from the next session on; without it, only those that are
    // asked for. `metrics` outlives this; may be null.
    void set_snapshots(SnapshotPolicy policy, SnapshotMetrics* metrics)
    {
        snapshots_ = policy;
        snapshot_metrics_ = metrics;
    }

    // Other projections from now on, such as those of packs that were edited; what is no longer
    // among them keeps its tables and is folded no more.
    void declare(std::vector<Projection> folds) { declared_ = std::move(folds); }

    // Ends when a stop is asked for, or when another projector has taken over.
    [[nodiscard]] Task<void> run();

    [[nodiscard]] ProjectorStatus status() const;

private:
    struct Lane;

    [[nodiscard]] Task<Result<void>> session();
    [[nodiscard]] Task<Result<void>> wait_for_ownership(Connection& connection);
    [[nodiscard]] Task<Result<void>> round(Connection& holder);
    [[nodiscard]] Task<Result<void>> fold_in_rounds(Connection& holder);
    [[nodiscard]] Task<void> do_jobs(Stop& session_stop);
    [[nodiscard]] Task<void> do_snapshots(Stop& session_stop);
    [[nodiscard]] FoldContext job_context(Stop& session_stop);
    [[nodiscard]] Task<Result<void>> claim_all();
    [[nodiscard]] Task<Result<void>> open_lanes(Stop& round_stop);
    [[nodiscard]] Task<void> run_lane(Lane& lane, Stop& round_stop);
    [[nodiscard]] Task<Result<void>> watch(Connection& holder, Stop& round_stop);
    [[nodiscard]] Task<Result<void>> settle(Lane& lane);
    [[nodiscard]] Task<void> set_back(std::size_t member, FoldSetback setback);
    [[nodiscard]] Task<void> halt(std::size_t member, std::string code, Error reason);
    [[nodiscard]] Task<bool> goes_on_after(Error failure);

    FoldFaults no_faults_;
    FoldContext context_;
    Pacing pacing_;
    ProjectorStatus status_;
    Members members_;
    std::optional<std::vector<Projection>> declared_; // from the next session on
    std::vector<std::unique_ptr<Lane>> lanes_;
    TaskGroup tasks_; // lanes
    TaskGroup jobs_;  // rebuilds, snapshots
    SnapshotPolicy snapshots_{};
    SnapshotMetrics* snapshot_metrics_{nullptr};
};

} // namespace sealstream
