#pragma once

// States of projections as of positions, for questions: made when they are first asked for, shared
// by all nodes of a ledger, kept while they are used, within bounds.
//
// Executor  The I/O thread. Making a state is a task of the group: it goes on when nobody waits any
//           more, and the next question finds it.
// Bounds    states_max states, at most `unused` since the last question; builds_max are made at
//           once, of which each reads at most events_max events of the log.

#include "projections/snapshots/build_past.hpp"

#include <map>
#include <set>

namespace sealstream {

struct PastStatesOptions {
    std::string ledger{"main"};
    std::uint64_t events_max{1'000'000};
    std::chrono::milliseconds wait{30'000}; // of a question, for its state
    std::size_t states_max{16};
    std::chrono::seconds unused{600};
    std::chrono::milliseconds load_time_max{600'000};
    ProjectorOptions folding{};
};

class PastStates {
public:
    // All outlive this; `tasks` is idle when it is destroyed. `metrics` may be null.
    PastStates(EventLog& log, Pool& pool, BlockingPool& threads, const Clock& clock, Stop& stop,
               TaskGroup& tasks, ProjectorMetrics& folds, SnapshotMetrics* metrics,
               PastStatesOptions options);
    PastStates(const PastStates&) = delete;
    PastStates& operator=(const PastStates&) = delete;

    // These projections as of a position of the log, in this order.
    //   refused     more than events_max lie between the position and the snapshot before it
    //   timed_out   it takes longer than `wait`; it goes on
    //   overloaded  too many are being made
    //   not_found   there is no such projection yet
    //   and the codes of build_past()
    [[nodiscard]] Task<Result<std::vector<PastVersion>>> at(std::vector<std::string> projections,
                                                            Position position);

    // Drops what is too much, now and then, until a stop is asked for.
    [[nodiscard]] Task<void> run();

private:
    using Key = std::pair<std::string, Position>;
    using Found = Result<std::optional<PastVersion>>;

    [[nodiscard]] Task<Found> find(std::string projection, Position position);
    [[nodiscard]] Task<Result<PastVersion>> find_or_make(std::string projection, Position position,
                                                         Monotonic deadline);
    [[nodiscard]] Task<void> make(Key key);
    [[nodiscard]] Task<Result<void>> try_make(Key key);
    [[nodiscard]] Task<Result<std::size_t>> evict();
    [[nodiscard]] FoldContext fold_context();

    EventLog& log_;
    Pool& pool_;
    BlockingPool& threads_;
    const Clock& clock_;
    Stop& stop_;
    TaskGroup& tasks_;
    ProjectorMetrics& folds_;
    SnapshotMetrics* metrics_;
    const PastStatesOptions options_;
    FoldFaults no_faults_;
    Notifier made_;
    std::set<Key> making_;
    std::map<Key, Error> failed_; // of those that were asked for since
};

} // namespace sealstream
