#pragma once

// A server that we own: started with its output in a log file, in a process group of its own (so
// that Ctrl-C reaches only us), told by the kernel to stop when we die, and stopped within a bound.
//
// Start children from a thread that lives as long as they shall: the kernel watches the thread, not
// the process. Not safe for use from several threads at once.

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "node/dev/run_as.hpp"

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace sealstream {

struct ChildOptions {
    std::string name;                       // in messages and the pid file
    std::vector<std::string> command;       // an absolute program and its arguments
    std::vector<std::string> environment{}; // NAME=value sets, NAME removes; else ours
    std::filesystem::path log_file{};   // standard output and error are appended; empty: dropped
    std::filesystem::path error_file{}; // standard error; empty: with the output
    std::filesystem::path pid_file{};   // lets the next run find it; empty: none
    std::filesystem::path input_file{}; // standard input; empty: none
    std::optional<RunAs> run_as{};
    int stop_signal{SIGTERM};       // asks it to stop; also what the kernel sends when we die
    milliseconds stop_wait{10'000}; // then SIGKILL, which has as long again
};

class ChildProcess {
public:
    //   unavailable   the program can not be started; the context says why
    [[nodiscard]] static Result<ChildProcess> start(ChildOptions options);

    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&& other) noexcept;
    ~ChildProcess() { stop(); }

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] bool is_running();

    // The exit code, or 128 + the signal that ended it.
    //   timed_out   it still runs
    [[nodiscard]] Result<int> wait(milliseconds at_most);

    // Asks it to stop, then makes it; at once when it has ended.
    void stop() noexcept;
    void signal(int number) noexcept; // for tests that kill

private:
    ChildProcess(ChildOptions options, pid_t pid) : options_{std::move(options)}, pid_{pid} {}
    void reap(bool must_wait) noexcept;

    ChildOptions options_{};
    pid_t pid_{0}; // 0: none, or it has ended
    std::optional<int> exit_code_{};
};

// Runs a program to its end.
//   unavailable   it can not be started, or ends with other than 0; the context has its last lines
//   timed_out     it was killed
[[nodiscard]] Result<void> run_to_end(ChildOptions options, milliseconds at_most);

// The last lines of a log file, for messages.
[[nodiscard]] std::string last_lines(const std::filesystem::path& file, std::size_t count = 5);

} // namespace sealstream
