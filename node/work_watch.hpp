#pragma once

// Invariants and schedules as nodes export them: a runner that is gone tells nobody that it is.
// Looks now and then; what can not be read keeps its values, and the time of the last run grows
// old.
//
// Executor  run() is one coroutine on the I/O thread.

#include "core/async/stop.hpp"
#include "core/ports/pack_work.hpp"

#include <memory>

namespace prometheus {
class Registry;
}

namespace sealstream {

struct WorkWatchOptions {
    std::chrono::milliseconds interval{5'000};
};

class WorkWatch {
public:
    WorkWatch(PackWork& work, Stop& stop, prometheus::Registry& registry, WorkWatchOptions options);
    ~WorkWatch();
    WorkWatch(const WorkWatch&) = delete;
    WorkWatch& operator=(const WorkWatch&) = delete;

    // Until a stop is asked for.
    [[nodiscard]] Task<void> run();

private:
    struct Gauges;
    void show(WorkKind kind, const std::vector<WorkStatus>& all);

    PackWork& work_;
    Stop& stop_;
    const WorkWatchOptions options_;
    std::unique_ptr<Gauges> gauges_;
};

} // namespace sealstream
