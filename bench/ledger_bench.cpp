// The main job, measured in one run on one machine, each rate beside the layer below it.
//
//   ledger_bench [--json] [--seconds S] [--synced]
//
// Appends over HTTP go to a `sealstream serve` process from the load generator `http_load`; raw
// JetStream is nats.c with the bare payload: no envelope, no ids, no conditions. Folding is
// `fold_bench` beside a bare COPY.

#include "audit/service/auditor.hpp"
#include "audit/service/metrics.hpp"
#include "audit/service/verify_ledger.hpp"
#include "bench/raw_jetstream.hpp"
#include "core/base/log.hpp"
#include "integration/support/nats_server.hpp"
#include "jetstream/jetstream_audit_log.hpp"
#include "jetstream/jetstream_event_log.hpp"
#include "tests/support/run_task.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <prometheus/registry.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace sealstream;
using Steady = std::chrono::steady_clock;

constexpr std::size_t payload_bytes = 256;
constexpr std::size_t connections = 64;
constexpr std::size_t request_events = 100;

struct Options {
    bool is_json{false};
    bool is_synced{false};
    double seconds{4};
    std::filesystem::path programs;
};

struct Row {
    std::string name;
    double value{0};
    std::string unit{"events/s"};
    double baseline{0};
    double target{0}; // of the ratio; 0 when there is none
};

void print(const Row& row, bool is_json)
{
    const double ratio = row.baseline > 0 ? row.value / row.baseline : 0;
    if (is_json) {
        std::printf(
            R"({"name":"%s","value":%.0f,"unit":"%s","baseline":%.0f,"ratio":%.3f,"target":%.2f})"
            "\n",
            row.name.c_str(), row.value, row.unit.c_str(), row.baseline, ratio, row.target);
    } else {
        std::printf("%-44s %12.0f %-9s %12.0f %7.2f %7.2f\n", row.name.c_str(), row.value,
                    row.unit.c_str(), row.baseline, ratio, row.target);
    }
    std::fflush(stdout);
}

// A child that dies with us.
class Child {
public:
    Child(const std::vector<std::string>& command, const std::filesystem::path& log)
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
    ~Child()
    {
        ::kill(process_, SIGTERM);
        ::waitpid(process_, nullptr, 0);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

private:
    pid_t process_{-1};
};

std::vector<boost::json::object> run_json(const std::string& command)
{
    std::vector<boost::json::object> lines;
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    std::array<char, 4096> buffer{};
    while (pipe != nullptr &&
           std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) {
        boost::system::error_code failed;
        const auto value = boost::json::parse(buffer.data(), failed);
        if (!failed && value.is_object()) {
            lines.push_back(value.as_object());
        }
    }
    if (pipe == nullptr || ::pclose(pipe) != 0) {
        std::cerr << "ledger_bench: failed: " << command << std::endl;
    }
    return lines;
}

double number_at(const boost::json::object& object, const char* key)
{
    const auto* const value = object.if_contains(key);
    return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

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
    std::cerr << "ledger_bench: the node does not start; see " << log << std::endl;
    std::exit(1);
}

double raw_rate(const std::string& url, std::size_t batch, std::size_t window, std::size_t messages)
{
    bench::RawOptions options;
    options.url = url;
    options.payload_bytes = payload_bytes;
    options.batch = batch;
    options.window = window;
    options.messages = messages;
    const auto result = bench::publish_raw(options);
    if (!result.failed.empty()) {
        std::cerr << "ledger_bench: raw JetStream: " << result.failed << std::endl;
    }
    return result.messages_per_second;
}

double http_rate(const Options& options, const std::string& port, std::size_t events,
                 const char* key)
{
    const std::string command =
        (options.programs / "http_load").string() + " --json --port " + port + " --connections " +
        std::to_string(connections) + " --events " + std::to_string(events) + " --bytes " +
        std::to_string(payload_bytes) + " --seconds " + std::to_string(options.seconds);
    const auto lines = run_json(command);
    return lines.empty() ? 0 : number_at(lines.front(), key);
}

double measure_appends(const Options& options, const testing::NatsServers& nats)
{
    const std::string mode = options.is_synced ? "synced" : "lazy";
    const std::size_t raw_messages = options.is_synced ? 40'000 : 300'000;
    const auto log = std::filesystem::temp_directory_path() / "sealstream-bench-node.log";
    std::filesystem::remove(log);
    const Child node{{(options.programs / "../node/sealstream").string(), "serve", "--set",
                      "roles=node", "--set", "nats.url=" + nats.url(), "--set",
                      std::string{"nats.synced="} + (options.is_synced ? "true" : "false")},
                     log};
    const std::string port = wait_for_port(log);

    const double raw_single = raw_rate(nats.url(), 1, connections, raw_messages);
    const double single = http_rate(options, port, 1, "events_per_second");
    print({"append over HTTP, 1 event x 64, " + mode, single, "events/s", raw_single, 0.6},
          options.is_json);
    const double raw_batch =
        raw_rate(nats.url(), request_events, connections * request_events, raw_messages / 4);
    const double batch = http_rate(options, port, request_events, "events_per_second");
    print({"append over HTTP, 100 events a request, " + mode, batch, "events/s", raw_batch, 0.8},
          options.is_json);
    const double raw_async = raw_rate(nats.url(), 1, 4'096, raw_messages);
    print({"  the same beside plain publishes, window 4096", batch, "events/s", raw_async, 0},
          options.is_json);
    return std::max(single, batch);
}

// The auditor and the verifier on the log that the appends have left behind.
void measure_audit(const Options& options, const testing::NatsServers& nats, double fastest_append)
{
    set_log_level(Level::error);
    boost::asio::io_context context{1};
    const SystemClock clock;
    jetstream::ConnectionOptions connection;
    connection.url = nats.url();
    const jetstream::EventLogOptions log_options;
    const jetstream::FeedOptions feed_options;
    auto log = testing::run_task(
        context, jetstream::JetStreamEventLog::open(connection, log_options, feed_options, clock,
                                                    context.get_executor()));
    auto audit = testing::run_task(
        context, jetstream::JetStreamAuditLog::open(connection, {}, context.get_executor()));
    if (!log || !audit) {
        std::cerr << "ledger_bench: the log can not be opened" << std::endl;
        return;
    }
    auto key = SigningKey::generate("bench.example/main");
    const VerifierKey trusted = key->verifier();
    Signer signer{**audit, clock, *std::move(key)};
    prometheus::Registry registry;
    AuditorMetrics metrics{registry};
    Stop stop{context.get_executor()};
    Auditor auditor{**log, **audit, signer, clock, stop, {}, metrics};
    const Position head = *testing::run_task(context, (*log)->head());

    const auto began = Steady::now();
    bool is_done = false;
    boost::asio::co_spawn(context, auditor.run(),
                          [&](const std::exception_ptr&) { is_done = true; });
    context.restart();
    while (auditor.status().covered < head || auditor.status().checkpoint_size == 0 ||
           auditor.status().checkpoint_size != auditor.status().tree_size) {
        context.run_one();
    }
    const double sealed = std::chrono::duration<double>(Steady::now() - began).count();
    const auto events = static_cast<double>(head.value);
    print({"audit: sealed and signed", events / sealed, "events/s", fastest_append, 1.0},
          options.is_json);
    stop.request();
    while (!is_done) {
        context.run_one();
    }
    VerifyOptions verify_options;
    verify_options.trusted.push_back(trusted);
    const auto verify_began = Steady::now();
    const auto report =
        testing::run_task(context, verify_ledger(**log, **audit, std::move(verify_options)));
    const double verified = std::chrono::duration<double>(Steady::now() - verify_began).count();
    if (report.verdict != Verdict::ok) {
        std::cerr << "ledger_bench: verify says " << name(report.verdict) << std::endl;
    }
    print({"verify, online, one core (baseline: 1 M/s)", events / verified, "events/s", 1'000'000,
           1.0},
          options.is_json);
    (*log)->close();
    (*audit)->close();
}

void measure_folds(const Options& options)
{
    for (const auto& line : run_json((options.programs / "fold_bench").string() + " 200000")) {
        const auto* const what = line.if_contains("name");
        const std::string text =
            what != nullptr && what->is_string()
                ? std::string{what->as_string().data(), what->as_string().size()}
                : "fold";
        if (text != "bare_copy") { // the baseline itself
            print({text, number_at(line, "value"), "events/s", number_at(line, "baseline"),
                   number_at(line, "target")},
                  options.is_json);
        }
    }
}

} // namespace

int main(int argc, char** argv)
{
    Options options;
    bool is_synced = false;
    CLI::App app{"Measures the main job beside the layers below it"};
    app.add_flag("--json", options.is_json, "one JSON object a line");
    app.add_option("--seconds", options.seconds, "of each append measurement");
    app.add_flag("--synced", is_synced, "only the appends on a server that syncs every write");
    CLI11_PARSE(app, argc, argv);
    options.programs = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    if (!testing::NatsServers::is_installed()) {
        std::cerr << "ledger_bench: no nats-server; run ./dev bench" << std::endl;
        return 1;
    }
    if (!options.is_json) {
        std::printf("%u cores, %zu-byte events; each rate beside its baseline, in one run\n\n",
                    std::thread::hardware_concurrency(), payload_bytes);
        std::printf("%-44s %12s %-9s %12s %7s %7s\n", "", "value", "unit", "baseline", "ratio",
                    "target");
    }
    if (!is_synced) {
        const testing::NatsServers nats;
        const double fastest = measure_appends(options, nats);
        measure_audit(options, nats, fastest);
    }
    {
        options.is_synced = true;
        const testing::NatsServers nats{{1, true, "4GB"}};
        measure_appends(options, nats);
    }
    if (!is_synced) {
        measure_folds(options);
    }
    return 0;
}
