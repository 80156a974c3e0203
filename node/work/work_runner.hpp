#pragma once

// Runs the invariants and schedules of a ledger's packs.
//
// Executor   run() is one coroutine on the I/O thread, with one more for each pack.
// One owner  Others stand by and take over when the owner is gone. That only spares work: what
// makes
//            telling once safe is in the log (pack_lane.hpp).
// Shutdown   After stop.request(), run() ends when the running statements have.

#include "core/async/task_group.hpp"
#include "node/work/pack_lane.hpp"

namespace sealstream {

struct WorkRunnerStatus {
    enum class State : std::uint8_t { starting, standby, running, retrying, stopped };
    State state{State::starting};
    std::string last_error;
};

class WorkRunner {
public:
    WorkRunner(WorkContext context, Stop& stop, std::vector<PackPtr> packs);
    ~WorkRunner();

    // Other packs from now on, such as edited ones.
    void declare(std::vector<PackPtr> packs);

    [[nodiscard]] Task<void> run();

    [[nodiscard]] const WorkRunnerStatus& status() const noexcept { return status_; }

private:
    [[nodiscard]] Task<Result<void>> session();
    [[nodiscard]] Task<Result<void>> own_and_run();
    [[nodiscard]] Task<Result<void>> wait_for_ownership();
    [[nodiscard]] Task<Result<void>> declare_all();
    [[nodiscard]] Task<Result<void>> hold();

    WorkContext context_;
    Stop& stop_;
    Backoff backoff_;
    WorkRunnerStatus status_;
    std::vector<PackPtr> packs_;
    bool is_declared_{false}; // what runs is packs_
    TaskGroup lanes_;
};

} // namespace sealstream
