#include "node/dev/pid_file.hpp"

#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace sealstream {

namespace {

constexpr milliseconds pid_poll{10};
constexpr milliseconds kill_wait{10'000};
constexpr int start_time_place = 20; // counted from the field after the name in parentheses

std::string read_process_file(const std::filesystem::path& file)
{
    std::ifstream input{file};
    std::ostringstream text;
    text << input.rdbuf();
    return text.str();
}

// "1234 567890 <boot id>", or nothing when there is no such process, or it has ended and only its
// parent has not looked yet.
std::string identity_of(pid_t pid)
{
    const std::string line = read_process_file("/proc/" + std::to_string(pid) + "/stat");
    const auto started = start_time_field(line);
    const auto name_end = line.rfind(')');
    if (!started || line.compare(name_end, 3, ") Z") == 0) {
        return {};
    }
    return std::to_string(pid) + " " + std::string{*started} + " " +
           read_process_file("/proc/sys/kernel/random/boot_id");
}

bool has_gone(const std::filesystem::path& file, milliseconds at_most)
{
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    while (running_process(file)) {
        if (std::chrono::steady_clock::now() >= deadline) {
            return false;
        }
        std::this_thread::sleep_for(pid_poll);
    }
    return true;
}

} // namespace

std::optional<std::string_view> start_time_field(std::string_view stat_line)
{
    const auto name_end = stat_line.rfind(')');
    if (name_end == std::string_view::npos || name_end + 2 > stat_line.size()) {
        return std::nullopt;
    }
    auto rest = stat_line.substr(name_end + 2);
    for (int field = 1; field < start_time_place; ++field) {
        const auto space = rest.find(' ');
        if (space == std::string_view::npos) {
            return std::nullopt;
        }
        rest.remove_prefix(space + 1);
    }
    return rest.substr(0, rest.find(' '));
}

Result<void> write_pid_file(const std::filesystem::path& file, pid_t pid)
{
    std::ofstream output{file, std::ios::trunc};
    output << identity_of(pid);
    output.close();
    if (!output) {
        return Error{Errc::unavailable, "can not write " + file.string()};
    }
    return {};
}

std::optional<pid_t> running_process(const std::filesystem::path& file)
{
    const std::string noted = read_process_file(file);
    pid_t pid = 0;
    std::istringstream{noted} >> pid;
    if (pid <= 0 || identity_of(pid) != noted) {
        return std::nullopt;
    }
    return pid;
}

Result<void> end_stale_process(const std::filesystem::path& file, int stop_signal,
                               milliseconds at_most)
{
    if (const auto pid = running_process(file)) {
        ::kill(*pid, stop_signal);
        if (!has_gone(file, at_most)) {
            ::kill(*pid, SIGKILL);
            if (!has_gone(file, kill_wait)) {
                return Error{Errc::unavailable,
                             "process " + std::to_string(*pid) + " of an earlier run does not end"};
            }
        }
    }
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    return {};
}

} // namespace sealstream
