// Single conditional appends: one event a request, each stating the version of its stream, at 1,
// 16, 64 and 256 clients, on a log that syncs every write and on one that does not; beside
// message-db and a plain Postgres table that commit with the same promise, on the same machine in
// the same run. Then how long an append takes to be acknowledged at half of the most that 64
// clients reached, with requests that come whether or not those before were answered.
//
//   conditional_bench [--json] [--seconds S] [--clients N…] [--synced | --lazy] [--replicas N]
//                     [--sync-ms T]
//
// --sync-ms  every sync of both stores takes T milliseconds longer, as on a disk that has no cache
//            that survives a power failure; strace delays the system calls

#include "bench/bench_support.hpp"
#include "bench/postgres_rivals.hpp"
#include "bench/slow_syncs.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <iostream>
#include <optional>
#include <unistd.h>

namespace {

using namespace sealstream;
using namespace sealstream::bench;

constexpr std::size_t payload_bytes = 256;
constexpr std::size_t target_clients = 64; // where the targets apply
constexpr double message_db_target = 10;
constexpr double plain_table_target = 5;

struct Options {
    bool is_json{false};
    bool has_synced{true};
    bool has_lazy{true};
    double seconds{3};
    int replicas{1};
    int sync_ms{0};
    std::vector<std::size_t> clients{1, 16, 64, 256};
};

boost::json::object load(const Options& options, const NodeProcess& node, std::size_t clients,
                         double rate)
{
    const auto lines = run_json(
        (programs_folder() / "http_load").string() + " --json --conditional --port " + node.port() +
        " --connections " + std::to_string(clients) + " --bytes " + std::to_string(payload_bytes) +
        " --seconds " + std::to_string(options.seconds) + " --rate " + std::to_string(rate));
    return lines.empty() ? boost::json::object{} : lines.front();
}

// Seconds that the slowest hundredth of 4 KiB writes and syncs on this disk takes at least.
double device_sync_p99()
{
    std::string name =
        (std::filesystem::temp_directory_path() / "sealstream-bench-sync-XXXXXX").string();
    const int file = ::mkstemp(name.data());
    std::vector<double> took;
    const std::string block(4096, 'x');
    for (int count = 0; file >= 0 && count < 200; ++count) {
        const auto began = std::chrono::steady_clock::now();
        if (::write(file, block.data(), block.size()) < 0 || ::fdatasync(file) != 0) {
            break;
        }
        took.push_back(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    }
    ::close(file);
    ::unlink(name.c_str());
    std::sort(took.begin(), took.end());
    return took.empty() ? 0 : took[took.size() * 99 / 100];
}

void measure(const Options& options, bool is_synced)
{
    std::string mode = is_synced ? ", synced" : ", lazy";
    mode += options.replicas > 1 ? ", " + std::to_string(options.replicas) + " replicas" : "";
    mode += options.sync_ms > 0 ? " + " + std::to_string(options.sync_ms) + " ms" : "";
    std::optional<testing::NatsServers> nats{
        std::in_place, testing::NatsOptions{options.replicas, is_synced, "4GB"}};
    std::optional<NodeProcess> node{std::in_place, programs_folder(), *nats, is_synced,
                                    options.replicas};
    std::vector<double> ours;
    double knee = 0;
    for (const std::size_t clients : options.clients) {
        const auto result = load(options, *node, clients, 0);
        ours.push_back(number_at(result, "requests_per_second"));
        knee = clients <= target_clients ? std::max(knee, ours.back()) : knee;
    }
    const double half = knee / 2;
    const auto paced =
        half > 0 ? load(options, *node, target_clients, half) : boost::json::object{};
    node.reset();
    nats.reset(); // one store at a time

    RivalOptions rival_options;
    rival_options.payload_bytes = payload_bytes;
    rival_options.seconds = options.seconds;
    rival_options.is_synced = is_synced;
    PostgresRivals rivals{rival_options};
    if (!rivals.message_db_missing().empty()) {
        print_missing("message-db", rivals.message_db_missing(), options.is_json);
    }
    for (std::size_t at = 0; at < ours.size(); ++at) {
        const std::size_t clients = options.clients[at];
        const bool has_target = is_synced && clients == target_clients;
        const std::string name = "conditional append x " + std::to_string(clients) + mode;
        if (rivals.message_db_missing().empty()) {
            print({name + ", beside message-db", ours[at], "events/s", rivals.message_db(clients),
                   has_target ? message_db_target : 0},
                  options.is_json);
        }
        print({name + ", beside a table", ours[at], "events/s", rivals.plain_table(clients),
               has_target ? plain_table_target : 0},
              options.is_json);
    }
    // Here less is better: the ratio is to stay below 1.
    const double sync_p99 = device_sync_p99() + 1e-3 * options.sync_ms;
    const double p99_bound = is_synced ? 3e6 * sync_p99 : 5000;
    const std::string at_half =
        " at " + std::to_string(static_cast<long>(half)) + "/s" + mode + ", open loop";
    print({"ack p50" + at_half + (is_synced ? "" : " (1 ms)"), number_at(paced, "p50_us"), "us",
           is_synced ? 0 : 1000.0, is_synced ? 0 : 1.0},
          options.is_json);
    print({"ack p99" + at_half + (is_synced ? " (3 x fsync p99)" : " (5 ms)"),
           number_at(paced, "p99_us"), "us", p99_bound, 1},
          options.is_json);
}

} // namespace

int main(int argc, char** argv)
{
    Options options;
    bool is_synced_only = false;
    bool is_lazy_only = false;
    CLI::App app{"Measures single conditional appends beside other stores"};
    app.add_flag("--json", options.is_json, "one JSON object a line");
    app.add_option("--seconds", options.seconds, "of each measurement");
    app.add_option("--replicas", options.replicas, "of the log, each on a server of its own")
        ->check(CLI::Range(1, 5));
    app.add_option("--sync-ms", options.sync_ms, "that each sync takes longer")
        ->check(CLI::Range(0, 1000));
    app.add_option("--clients", options.clients, "how many at a time");
    app.add_flag("--synced", is_synced_only, "only on logs that sync every write");
    app.add_flag("--lazy", is_lazy_only, "only on logs that do not");
    CLI11_PARSE(app, argc, argv);
    if (!testing::NatsServers::is_installed() || !testing::PostgresServer::is_installed()) {
        std::cerr << "conditional_bench: no nats-server or no Postgres; run ./dev bench"
                  << std::endl;
        return 1;
    }
    std::optional<SlowSyncs> slow;
    if (options.sync_ms > 0) {
        if (!SlowSyncs::is_possible()) {
            print_missing("--sync-ms", "no strace", options.is_json);
            return 0;
        }
        slow.emplace(options.sync_ms);
    }
    if (!options.is_json) {
        print_head(payload_bytes);
    }
    if (!is_lazy_only) {
        measure(options, true);
    }
    if (!is_synced_only) {
        measure(options, false);
    }
    return 0;
}
