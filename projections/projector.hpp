#pragma once

// Keeps projections up to the log, exactly once.
//
// Executor      run() is one coroutine on the I/O thread; encoding and SQL run on the blocking
//               pool. It keeps one connection of the pool for itself.
// Exactly once  A batch's rows and the cursor move in one transaction, under a lock, from the
//               expected place. Starting and "the commit may have happened" are the same path:
//               read the cursor again.
// One owner     Others wait on standby and take over when the owner's session ends. Each owner
//               takes a higher epoch, so that one who still believes to be the owner is refused,
//               and stops.
// Halts         On `corrupt` and whatever else trying again can not mend: run() ends, status() and
//               the table sealstream.projections say why. Nothing is skipped.
// Shutdown      After stop.request(), run() ends when the running transaction has.

#include "projections/fold_run.hpp"
#include "projections/pacing.hpp"

namespace sealstream {

struct ProjectorStatus {
    enum class State : std::uint8_t {
        starting,
        standby,
        folding,
        retrying,
        fenced,
        halted,
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

    // For tests: strikes between the steps of a pass. Before run().
    void set_faults(FoldFaults& faults);

    // Ends when a stop is asked for, when another projector has taken over, or at a halt.
    [[nodiscard]] Task<void> run();

    [[nodiscard]] ProjectorStatus status() const;

private:
    [[nodiscard]] Task<Result<void>> session();
    [[nodiscard]] Task<Result<void>> wait_for_ownership(Connection& connection);
    [[nodiscard]] Task<Result<std::vector<ProjectionVersion>>> claim(Connection& connection);
    [[nodiscard]] Task<void> halt(Error reason);
    [[nodiscard]] Task<bool> goes_on_after(Error failure);

    FoldFaults no_faults_;
    FoldContext context_;
    Pacing pacing_;
    ProjectorStatus status_;
    const FoldRun* current_{nullptr}; // while folding
};

} // namespace sealstream
