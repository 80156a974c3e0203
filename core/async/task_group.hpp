#pragma once

// Owns background coroutines: counts them, names them, waits for them. Nothing is ever spawned
// detached.

#include "core/async/notifier.hpp"

#include <map>
#include <string>

namespace sealstream {

class TaskGroup {
public:
    enum class OnThrow : std::uint8_t { log_and_continue, stop_process };

    explicit TaskGroup(boost::asio::any_io_executor executor) : idle_{std::move(executor)} {}
    ~TaskGroup(); // must be idle

    // A task that throws is logged by name; a core loop (stop_process) then stops the process,
    // because a lost exception is a silent stop.
    void spawn(std::string name, Task<void> task, OnThrow on_throw = OnThrow::stop_process);

    // Returns when no task runs, or after `longest` with the number of tasks that still run.
    [[nodiscard]] Task<std::size_t> wait_idle(std::chrono::nanoseconds longest);

    [[nodiscard]] std::size_t running() const noexcept { return running_; }

private:
    Notifier idle_;
    std::size_t running_{0};
    std::map<std::string, std::size_t> names_;
};

} // namespace sealstream
