#pragma once

// Folds the log into claimed versions of projections, from where they stand: reading and encoding
// one batch while the one before commits. Used by the projector, which never ends, and by rebuilds,
// which end somewhere.
//
// Executor  The I/O thread; encoding and SQL run on the blocking pool, one commit at a time.

#include "core/async/stop.hpp"
#include "core/async/task_group.hpp"
#include "core/ports/event_log.hpp"
#include "postgres/pool.hpp"
#include "projections/metrics.hpp"
#include "projections/options.hpp"
#include "projections/pass.hpp"

#include <functional>

namespace sealstream {

struct FoldContext {
    EventLog& log;
    Pool& pool;
    BlockingPool& threads;
    const Clock& clock;
    Stop& stop;
    ProjectorMetrics& metrics;
    FoldFaults* faults; // never null
    ProjectorOptions options;
    std::vector<Projection> folds;
    bool is_alone{false}; // nobody waits for these: a slow fold is looked into
    std::function<void(Position folded, Position head)>
        on_moved{}; // after each commit; may be empty
};

class FoldRun {
public:
    // `lease` is a session after prepare_session(); `owned` are the claimed versions of
    // context.folds.
    FoldRun(FoldContext& context, Pool::Lease lease, std::vector<ProjectionVersion> owned);
    FoldRun(const FoldRun&) = delete;
    FoldRun& operator=(const FoldRun&) = delete;

    // Until a stop is asked for, every cursor has reached `until`, a projection was left behind, or
    // something fails. All that had begun has ended when this returns. Codes of apply_pass() and
    // Feed::next(), and
    //   corrupt   the log ends before a cursor, or a record does not decode
    [[nodiscard]] Task<Result<void>> run(std::optional<Position> until);

    [[nodiscard]] const std::vector<ProjectionVersion>& owned() const noexcept { return owned_; }
    [[nodiscard]] Position lowest() const noexcept { return hindmost().cursor; } // as committed
    [[nodiscard]] Position head() const noexcept { return head_; }               // as last seen
    // Projections that the last commit left where they were.
    [[nodiscard]] const std::vector<LeftBehind>& left_behind() const noexcept { return left_; }
    // The one whose SQL had to be ended with its session.
    [[nodiscard]] std::optional<std::size_t> runaway() const noexcept { return runaway_; }
    [[nodiscard]] bool has_moved() const noexcept { return has_moved_; }
    [[nodiscard]] Connection& connection() noexcept { return *lease_; }

private:
    struct Load;

    [[nodiscard]] Task<Result<void>> follow(std::optional<Position> until);
    [[nodiscard]] Task<Result<void>> check_log();
    [[nodiscard]] Task<Result<std::shared_ptr<Load>>> encode(std::vector<StoredRecord> records);
    [[nodiscard]] Task<void> commit(std::shared_ptr<Load> load);
    [[nodiscard]] Task<Result<void>> settled();
    [[nodiscard]] Task<void> end_runaway();
    [[nodiscard]] Task<Result<void>> retry_parked_streams();
    [[nodiscard]] Task<void> run_retries(std::function<Result<void>()> job);
    void moved(const Load& load);
    [[nodiscard]] const ProjectionVersion& hindmost() const noexcept;
    void tell_metrics(const ProjectionVersion& one);
    [[nodiscard]] std::chrono::nanoseconds lag() const;

    FoldContext& context_;
    Pool::Lease lease_;
    std::vector<ProjectionVersion> owned_; // with the committed cursors
    std::vector<Position> planned_;        // the cursors once the running commit is through
    SkipRules rules_;                      // where reading stands
    Position head_;
    WallTime reached_{}; // ingest time of the newest folded event
    Monotonic head_asked_{};
    bool has_moved_{false};    // a commit of this run is through
    Result<void> committed_{}; // of the last commit
    std::vector<LeftBehind> left_;
    FoldWatch watch_;
    ApartOptions apart_;
    std::uint64_t attempts_seen_{0};
    Monotonic attempt_since_{};
    std::optional<std::size_t> runaway_;
    TaskGroup tasks_; // the commit that runs
};

} // namespace sealstream
