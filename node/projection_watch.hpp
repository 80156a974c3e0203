#pragma once

// Lag of projections as nodes export it: a projector that is gone tells nobody that it is. Looks
// now and then; when the database does not answer, the lag grows with the log from what was last
// known.
//
// Executor  run() is one coroutine on the I/O thread.

#include "core/async/stop.hpp"
#include "core/ports/event_log.hpp"
#include "core/ports/projection_admin.hpp"

#include <memory>

namespace prometheus {
class Registry;
}

namespace sealstream {

struct ProjectionWatchOptions {
    std::chrono::milliseconds interval{5'000};
};

class ProjectionWatch {
public:
    ProjectionWatch(ProjectionAdmin& admin, EventLog& log, Stop& stop,
                    prometheus::Registry& registry, ProjectionWatchOptions options);
    ~ProjectionWatch();
    ProjectionWatch(const ProjectionWatch&) = delete;
    ProjectionWatch& operator=(const ProjectionWatch&) = delete;

    // Until a stop is asked for.
    [[nodiscard]] Task<void> run();

private:
    struct Gauges;
    [[nodiscard]] Task<void> look();
    void show(const ProjectionStatus& status);

    ProjectionAdmin& admin_;
    EventLog& log_;
    Stop& stop_;
    const ProjectionWatchOptions options_;
    std::unique_ptr<Gauges> gauges_;
    std::vector<ProjectionStatus> known_;
};

} // namespace sealstream
