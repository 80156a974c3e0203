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
#include "bench/bench_support.hpp"
#include "bench/raw_jetstream.hpp"
#include "core/base/log.hpp"
#include "integration/support/nats_server.hpp"
#include "jetstream/jetstream_audit_log.hpp"
#include "jetstream/jetstream_event_log.hpp"
#include "tests/support/run_task.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <prometheus/registry.h>

#include <filesystem>
#include <iostream>

namespace {

using namespace sealstream;
using bench::number_at;
using bench::print;
using bench::run_json;
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

double raw_rate(const std::string& url, std::size_t batch, std::size_t window, std::size_t messages,
                bool is_conditional = false)
{
    bench::RawOptions options;
    options.is_conditional = is_conditional;
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
    const bench::NodeProcess node{options.programs, nats, options.is_synced};
    const std::string& port = node.port();

    const double raw_single = raw_rate(nats.url(), 1, connections, raw_messages);
    const double single = http_rate(options, port, 1, "events_per_second");
    print({"append over HTTP, 1 event x 64, " + mode, single, "events/s", raw_single, 0.6},
          options.is_json);
    const double raw_conditional = raw_rate(nats.url(), 1, connections, raw_messages, true);
    print({"  the same beside raw with ids and conditions", single, "events/s", raw_conditional, 0},
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
    options.programs = bench::programs_folder();
    if (!testing::NatsServers::is_installed()) {
        std::cerr << "ledger_bench: no nats-server; run ./dev bench" << std::endl;
        return 1;
    }
    if (!options.is_json) {
        bench::print_head(payload_bytes);
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
