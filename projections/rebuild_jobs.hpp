#pragma once

// The rebuilds that operators have asked for (sealstream.projection_rebuilds), done by the
// projector that owns the projections. What was begun goes on after a restart; progress and outcome
// are in the row.
//
// Executor  run() is one coroutine on the I/O thread, and one more for each rebuild.

#include "projections/rebuild.hpp"

namespace sealstream {

// A projection whose tables were made by other SQL than it has now is rebuilt, and swapped though
// it differs; once for each SQL. A statement of its own; blocks.
[[nodiscard]] Result<void> ask_for_new_sql(Connection& connection, const std::string& ledger,
                                           const Projection& projection);

class RebuildJobs {
public:
    // Copies `context`; of its folds, each may be rebuilt. `stop` outlives this.
    RebuildJobs(FoldContext context, std::vector<Projection> folds);
    ~RebuildJobs(); // run() has ended
    RebuildJobs(const RebuildJobs&) = delete;
    RebuildJobs& operator=(const RebuildJobs&) = delete;

    // Until a stop is asked for; all that had begun has ended then.
    [[nodiscard]] Task<void> run();

private:
    class Job;

    [[nodiscard]] Task<Result<void>> look();
    [[nodiscard]] Task<void> rebuild(std::shared_ptr<Job> job);

    FoldContext context_;
    std::vector<Projection> folds_;
    std::vector<std::string> running_; // names
    TaskGroup tasks_;
};

} // namespace sealstream
