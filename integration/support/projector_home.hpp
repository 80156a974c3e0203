#pragma once

// A log in memory, a Postgres, and projectors between them.

#include "integration/support/postgres_home.hpp"
#include "projections/postgres_event_index.hpp"
#include "projections/projector.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/memory_event_log.hpp"
#include "tests/support/sample_events.hpp"

#include <boost/asio/steady_timer.hpp>
#include <prometheus/registry.h>

namespace sealstream::testing {

class ProjectorHome : public PostgresHome {
public:
    using PostgresHome::PostgresHome;

    // Appends `count` random events to a few streams, in batches.
    void append_random(std::mt19937_64& random, std::size_t count);
    void append(std::vector<Draft> drafts, const StreamName& stream = {"deal", "1"});

    // What the index must say about the whole log: the specification, one event at a time.
    [[nodiscard]] std::vector<IndexedEvent> expected_events();
    [[nodiscard]] std::vector<IndexedEvent> indexed_events();

    CapturedLog lines;
    SystemClock clock;
    MemoryEventLog log{context.get_executor(), clock};
    std::shared_ptr<prometheus::Registry> registry{std::make_shared<prometheus::Registry>()};
    ProjectorMetrics metrics{*registry};
    PostgresEventIndex index{"main", pool, threads};
};

// A projector that runs until it is stopped or ends by itself.
class RunningProjector {
public:
    explicit RunningProjector(ProjectorHome& home, FoldFaults* faults = nullptr,
                              std::vector<Projection> folds = {event_index_projection()},
                              ProjectorOptions options = test_options(),
                              std::optional<SnapshotPolicy> snapshots = {});
    [[nodiscard]] static ProjectorOptions test_options(); // many batches in little time
    ~RunningProjector();
    RunningProjector(const RunningProjector&) = delete;
    RunningProjector& operator=(const RunningProjector&) = delete;

    // False when it took longer than `longest`, or the projector has ended before.
    [[nodiscard]] bool wait_until_folded(Position position,
                                         std::chrono::seconds longest = std::chrono::seconds{30});
    // The same of one projection, by its name.
    [[nodiscard]] bool wait_until_folded(const std::string& projection, Position position,
                                         std::chrono::seconds longest = std::chrono::seconds{30});
    [[nodiscard]] bool wait_until(ProjectorStatus::State state);
    [[nodiscard]] bool wait_until(const std::function<bool()>& is_so,
                                  std::chrono::seconds longest = std::chrono::seconds{30});
    void stop();
    void declare(std::vector<Projection> folds) { projector_.declare(std::move(folds)); }

    [[nodiscard]] ProjectorStatus status() const { return projector_.status(); }

private:
    [[nodiscard]] Task<void> run();

    ProjectorHome& home_;
    Stop stop_;
    Projector projector_;
    bool has_ended_{false};
};

[[nodiscard]] bool are_equal(const std::vector<IndexedEvent>& left,
                             const std::vector<IndexedEvent>& right);

} // namespace sealstream::testing
