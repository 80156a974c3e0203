#include "bench/bench_support.hpp"

#include <boost/json/parse.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace sealstream::bench {

namespace {

using Steady = std::chrono::steady_clock;

// The port that a node says it listens on.
std::string wait_for_port(const std::filesystem::path& log)
{
    const auto deadline = Steady::now() + std::chrono::seconds{20};
    const std::string mark = "\"url\":\"http://127.0.0.1:";
    while (Steady::now() < deadline) {
        std::ifstream file{log};
        const std::string text{std::istreambuf_iterator<char>{file}, {}};
        if (const auto at = text.find(mark); at != std::string::npos) {
            const auto begin = at + mark.size();
            return text.substr(begin, text.find('"', begin) - begin);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    std::cerr << "bench: the node does not start; see " << log << std::endl;
    std::exit(1);
}

std::filesystem::path fresh_log()
{
    const auto log = std::filesystem::temp_directory_path() /
                     ("sealstream-bench-node-" + std::to_string(::getpid()) + ".log");
    std::filesystem::remove(log);
    return log;
}

} // namespace

void print_head(std::size_t payload_bytes)
{
    std::array<double, 1> load{};
    ::getloadavg(load.data(), 1);
    std::printf("%u cores, load %.1f before the run, %zu-byte events; each rate beside its "
                "baseline, in one run\n\n",
                std::thread::hardware_concurrency(), load[0], payload_bytes);
    std::printf("%-50s %12s %-9s %12s %7s %7s\n", "", "value", "unit", "baseline", "ratio",
                "target");
}

void print(const Row& row, bool is_json)
{
    const double ratio = row.baseline > 0 ? row.value / row.baseline : 0;
    if (is_json) {
        std::printf(
            R"({"name":"%s","value":%.0f,"unit":"%s","baseline":%.0f,"ratio":%.3f,"target":%.2f})"
            "\n",
            row.name.c_str(), row.value, row.unit.c_str(), row.baseline, ratio, row.target);
    } else {
        std::printf("%-50s %12.0f %-9s %12.0f %7.2f %7.2f\n", row.name.c_str(), row.value,
                    row.unit.c_str(), row.baseline, ratio, row.target);
    }
    std::fflush(stdout);
}

void print_missing(const std::string& name, const std::string& reason, bool is_json)
{
    std::printf(is_json ? "{\"name\":\"%s\",\"missing\":\"%s\"}\n" : "%s: MISSING: %s\n",
                name.c_str(), reason.c_str());
    std::fflush(stdout);
}

Child::Child(const std::vector<std::string>& command, const std::filesystem::path& log)
{
    std::vector<char*> words;
    for (const std::string& word : command) {
        words.push_back(const_cast<char*>(word.c_str()));
    }
    words.push_back(nullptr);
    process_ = ::fork();
    if (process_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (std::freopen(log.c_str(), "w", stderr) == nullptr) {
            ::_exit(126);
        }
        ::execv(words[0], words.data());
        ::_exit(127);
    }
}

Child::~Child()
{
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
}

NodeProcess::NodeProcess(const std::filesystem::path& programs, const testing::NatsServers& nats,
                         bool is_synced, int replicas)
    : log_{fresh_log()},
      child_{{(programs / "../node/sealstream").string(), "serve", "--set", "roles=node", "--set",
              "nats.url=" + nats.url(), "--set",
              std::string{"nats.synced="} + (is_synced ? "true" : "false"), "--set",
              "nats.replicas=" + std::to_string(replicas)},
             log_},
      port_{wait_for_port(log_)}
{
}

std::filesystem::path programs_folder()
{
    return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

Ended run(const std::string& command)
{
    Ended ended;
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    std::array<char, 4096> buffer{};
    while (pipe != nullptr) {
        const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe);
        if (count == 0) {
            break;
        }
        ended.output.append(buffer.data(), count);
    }
    const int status = pipe != nullptr ? ::pclose(pipe) : -1;
    ended.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    return ended;
}

std::vector<boost::json::object> run_json(const std::string& command)
{
    std::vector<boost::json::object> lines;
    const auto ended = run(command);
    std::istringstream output{ended.output};
    for (std::string line; std::getline(output, line);) {
        boost::system::error_code failed;
        const auto value = boost::json::parse(line, failed);
        if (!failed && value.is_object()) {
            lines.push_back(value.as_object());
        }
    }
    if (ended.exit_code != 0) {
        std::cerr << "bench: failed: " << command << std::endl;
        // A measurement that is missing would look as if nobody had wanted it.
        std::exit(EXIT_FAILURE);
    }
    return lines;
}

double number_at(const boost::json::object& object, const char* key)
{
    const auto* const value = object.if_contains(key);
    return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

} // namespace sealstream::bench
