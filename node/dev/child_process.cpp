#include "node/dev/child_process.hpp"

#include "node/dev/pid_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace sealstream {

namespace {

constexpr milliseconds exit_poll{5};
constexpr mode_t log_mode = 0640;

// Everything that the child needs between fork and exec, made before: there, memory may not be
// allocated.
struct Prepared {
    std::vector<char*> arguments;
    std::vector<char*> environment;
    int input{-1};
    int output{-1};
    int error{-1};
    int failure_pipe{-1};
    pid_t parent{};
};

std::vector<char*> pointers(std::vector<std::string>& texts)
{
    std::vector<char*> result;
    for (std::string& text : texts) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

int prepare_child(const ChildOptions& options, const Prepared& prepared) noexcept
{
    for (int number = 1; number < NSIG; ++number) {
        ::signal(number, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (setpgid(0, 0) != 0 || dup2(prepared.input, STDIN_FILENO) < 0 ||
        dup2(prepared.output, STDOUT_FILENO) < 0 || dup2(prepared.error, STDERR_FILENO) < 0) {
        return errno;
    }
    // Libraries may have opened files without the close-on-exec flag.
    syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    if (options.run_as) {
        if (const int failed = become(*options.run_as)) {
            return failed;
        }
    }
    // After the change of user, which would clear it.
    if (prctl(PR_SET_PDEATHSIG, options.stop_signal, 0, 0, 0) != 0) {
        return errno;
    }
    return getppid() == prepared.parent ? 0 : ESRCH; // it died before the kernel was told
}

[[noreturn]] void run_child(const ChildOptions& options, const Prepared& prepared) noexcept
{
    int failed = prepare_child(options, prepared);
    if (failed == 0) {
        execve(prepared.arguments.front(), prepared.arguments.data(), prepared.environment.data());
        failed = errno;
    }
    [[maybe_unused]] const auto written = write(prepared.failure_pipe, &failed, sizeof failed);
    _exit(127);
}

class Descriptor {
public:
    explicit Descriptor(int number) : number_{number} {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const noexcept { return number_; }
    void close() noexcept
    {
        if (number_ >= 0) {
            ::close(std::exchange(number_, -1));
        }
    }

private:
    int number_;
};

Error start_error(const ChildOptions& options, int number)
{
    return Error{Errc::unavailable, "can not start " + options.name + " (" +
                                        options.command.front() + "): " + std::strerror(number)};
}

// Ours, where `changes` does not say otherwise; "NAME" without a value takes one away.
std::vector<std::string> merged_environment(const std::vector<std::string>& changes)
{
    const auto name_of = [](std::string_view entry) { return entry.substr(0, entry.find('=')); };
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const bool is_changed =
            std::any_of(changes.begin(), changes.end(), [&](const std::string& change) {
                return name_of(change) == name_of(*entry);
            });
        if (!is_changed) {
            result.emplace_back(*entry);
        }
    }
    std::copy_if(changes.begin(), changes.end(), std::back_inserter(result),
                 [](const std::string& change) { return change.find('=') != std::string::npos; });
    return result;
}

} // namespace

Result<ChildProcess> ChildProcess::start(ChildOptions options)
{
    const auto or_null = [](const std::filesystem::path& path) {
        return path.empty() ? std::string{"/dev/null"} : path.string();
    };
    const auto open_log = [&or_null](const std::filesystem::path& path) {
        return open(or_null(path).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, log_mode);
    };
    const Descriptor input{open(or_null(options.input_file).c_str(), O_RDONLY | O_CLOEXEC)};
    const Descriptor output{open_log(options.log_file)};
    const Descriptor error{
        open_log(options.error_file.empty() ? options.log_file : options.error_file)};
    std::array<int, 2> ends{-1, -1};
    if (input.get() < 0 || output.get() < 0 || error.get() < 0 ||
        pipe2(ends.data(), O_CLOEXEC) != 0) {
        return start_error(options, errno);
    }
    const Descriptor failure{ends[0]};
    Descriptor failure_write{ends[1]};

    auto environment = merged_environment(options.environment);
    const Prepared prepared{.arguments = pointers(options.command),
                            .environment = pointers(environment),
                            .input = input.get(),
                            .output = output.get(),
                            .error = error.get(),
                            .failure_pipe = failure_write.get(),
                            .parent = getpid()};
    const pid_t pid = fork();
    if (pid < 0) {
        return start_error(options, errno);
    }
    if (pid == 0) {
        run_child(options, prepared);
    }
    failure_write.close();

    int failed = 0; // exec closes the pipe without a word when all is well
    ssize_t got = 0;
    do {
        got = read(failure.get(), &failed, sizeof failed);
    } while (got < 0 && errno == EINTR);
    ChildProcess child{std::move(options), pid};
    if (got > 0) {
        child.reap(true);
        return start_error(child.options_, failed);
    }
    if (!child.options_.pid_file.empty()) {
        if (const auto noted = write_pid_file(child.options_.pid_file, pid); !noted) {
            return noted.error();
        }
    }
    return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : options_{std::move(other.options_)},
      pid_{std::exchange(other.pid_, 0)},
      exit_code_{other.exit_code_}
{
}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept
{
    if (this != &other) {
        stop();
        options_ = std::move(other.options_);
        pid_ = std::exchange(other.pid_, 0);
        exit_code_ = other.exit_code_;
    }
    return *this;
}

void ChildProcess::reap(bool must_wait) noexcept
{
    int status = 0;
    pid_t got = 0;
    do {
        got = pid_ == 0 ? 0 : waitpid(pid_, &status, must_wait ? 0 : WNOHANG);
    } while (got < 0 && errno == EINTR);
    if (got == 0) {
        return;
    }
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    pid_ = 0;
    std::error_code ignored;
    std::filesystem::remove(options_.pid_file, ignored);
}

bool ChildProcess::is_running()
{
    reap(false);
    return pid_ != 0;
}

Result<int> ChildProcess::wait(milliseconds at_most)
{
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    while (is_running()) {
        if (std::chrono::steady_clock::now() >= deadline) {
            return Error{Errc::timed_out, options_.name + " still runs"};
        }
        std::this_thread::sleep_for(exit_poll);
    }
    return exit_code_.value_or(0);
}

void ChildProcess::stop() noexcept
{
    if (pid_ == 0 || !is_running()) {
        return;
    }
    signal(options_.stop_signal);
    if (!wait(options_.stop_wait)) {
        signal(SIGKILL);
        reap(true);
    }
}

void ChildProcess::signal(int number) noexcept
{
    if (pid_ != 0) {
        ::kill(pid_, number);
    }
}

Result<void> run_to_end(ChildOptions options, milliseconds at_most)
{
    const auto log_file = options.log_file;
    const auto name = options.name;
    SEAL_TRY(child, ChildProcess::start(std::move(options)));
    const auto code = child.wait(at_most);
    if (!code) {
        child.signal(SIGKILL);
        return code.error();
    }
    if (*code != 0) {
        return Error{Errc::unavailable,
                     name + " failed (" + std::to_string(*code) + "): " + last_lines(log_file)};
    }
    return {};
}

std::string last_lines(const std::filesystem::path& file, std::size_t count)
{
    std::ifstream input{file};
    std::vector<std::string> lines;
    for (std::string line; std::getline(input, line);) {
        lines.push_back(std::move(line));
        if (lines.size() > count) {
            lines.erase(lines.begin());
        }
    }
    std::string text;
    for (const std::string& line : lines) {
        text += (text.empty() ? "" : "\n") + line;
    }
    return text.empty() ? "its log " + file.string() + " is empty" : text;
}

} // namespace sealstream
