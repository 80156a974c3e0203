// Appends over HTTP as fast as a node answers, on kept-alive connections, and says how fast that
// was.
//
//   http_load --port 8080 --connections 64 --events 1 --bytes 256 --seconds 5 [--streams 1000]
//   [--conditional] [--rate R] [--json]
//
// One thread; each connection sends a request, reads its answer, and goes on. With --events above 1
// a request is an array. Latency is from the first byte sent to the last byte read. What is not
// answered with 201 counts as failed, and the program then ends with 1.
//
// --ca, --certificate, --key   over TLS, and with a certificate of the client's own
// --header       one more of each request, such as "Authorization: Bearer …"
// --keys K       each connection's requests have idempotency keys, K different ones in turn: with
// as
//                many as requests all are fresh, with few most are repeats
// --conditional  each connection has a stream of its own, and every append states its version
// --rate         requests come R times a second, whether or not those before are answered; latency
//                counts from the moment at which a request was to come (no coordinated omission)

#include "bench/load_wire.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace {

using sealstream::Task;
using sealstream::use_tuple;
using sealstream::bench::Wire;
using SteadyClock = std::chrono::steady_clock;

struct Settings {
    sealstream::bench::WireOptions wire;
    std::string header;
    std::size_t connections{64};
    std::size_t events{1};
    std::size_t bytes{256};
    std::size_t streams{1000};
    double seconds{5};
    double warm_up_seconds{0.5};
    double rate{0};        // requests a second; 0: as fast as answers come
    std::uint64_t keys{0}; // of a connection
    bool is_conditional{false};
    bool is_json{false};
};

struct Tally {
    std::uint64_t failed{0};
    std::vector<std::uint32_t> latencies_us; // of requests that were measured
    std::string first_failure;
};

struct Run {
    Settings settings;
    std::string body;
    std::optional<boost::asio::ssl::context> tls;
    std::string tag; // tells the streams of this run from those of others
    std::uint64_t next_arrival{0};
    SteadyClock::time_point begin;
    SteadyClock::time_point measure_from;
    SteadyClock::time_point end;
    Tally tally;
};

// A body of `events` events whose data is text of about `bytes` bytes.
std::string make_body(const Settings& settings)
{
    const std::string event =
        R"({"type":"LoadMeasured","data":{"text":")" + std::string(settings.bytes, 'x') + "\"}}";
    if (settings.events == 1) {
        return event;
    }
    std::string body{"["};
    for (std::size_t at = 0; at < settings.events; ++at) {
        body.append(at == 0 ? "" : ",").append(event);
    }
    return body + "]";
}

// `number` is the connection's, `turn` how many requests it has sent before.
std::string make_request(const Run& run, std::size_t number, std::uint64_t turn)
{
    const Settings& settings = run.settings;
    const std::uint64_t version = turn * settings.events; // that a conditional append expects
    const std::size_t step = settings.is_conditional ? 0 : settings.connections;
    const std::size_t place = settings.keys != 0 ? turn % settings.keys : turn;
    const std::size_t stream = (number + place * step) % settings.streams;
    std::string condition = settings.header;
    if (settings.keys != 0) {
        condition += "Idempotency-Key: " + run.tag + std::to_string(number) + "-" +
                     std::to_string(place) + "\r\n";
    }
    if (settings.is_conditional) {
        condition += version == 0 ? "If-None-Match: *\r\n"
                                  : "If-Match: \"" + std::to_string(version) + "\"\r\n";
    }
    return "POST /v1/streams/load/" + run.tag + std::to_string(stream) +
           "/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + condition +
           "Content-Length: " + std::to_string(run.body.size()) + "\r\n\r\n" + run.body;
}

// The size of the answer at the start of `text`, once its header is there.
std::optional<std::size_t> answer_size(std::string_view text)
{
    constexpr std::string_view field = "Content-Length: ";
    const auto head = text.find("\r\n\r\n");
    if (head == std::string_view::npos) {
        return std::nullopt;
    }
    const auto at = text.substr(0, head).find(field);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    std::size_t length = 0;
    std::from_chars(text.data() + at + field.size(), text.data() + head, length);
    return head + 4 + length;
}

Task<bool> read_answer(Wire* wire, std::string* answer)
{
    answer->clear();
    for (std::optional<std::size_t> size; !size || answer->size() < *size;) {
        const auto failure = co_await wire->read(*answer);
        if (failure) {
            co_return false;
        }
        size = answer_size(*answer);
    }
    co_return true;
}

void count(Run& run, const std::string& answer, SteadyClock::time_point began)
{
    const auto now = SteadyClock::now();
    if (answer.compare(0, 12, "HTTP/1.1 201") != 0) {
        if (run.tally.failed++ == 0) {
            run.tally.first_failure = answer;
        }
    } else if (began >= run.measure_from && (run.settings.rate > 0 || now <= run.end)) {
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - began);
        run.tally.latencies_us.push_back(static_cast<std::uint32_t>(took.count()));
    }
}

// Waits for the next request to be due; when that is.
Task<SteadyClock::time_point> next_due(Run* run, boost::asio::steady_timer* timer)
{
    if (run->settings.rate <= 0) {
        co_return SteadyClock::now();
    }
    const auto number = static_cast<double>(run->next_arrival++);
    const auto due = run->begin + std::chrono::duration_cast<SteadyClock::duration>(
                                      std::chrono::duration<double>(number / run->settings.rate));
    if (due > SteadyClock::now()) {
        timer->expires_at(due);
        co_await timer->async_wait(use_tuple);
    }
    co_return due;
}

Task<void> keep_appending(Run* run, std::size_t number)
{
    const auto executor = co_await boost::asio::this_coro::executor;
    Wire wire{executor, run->tls ? &*run->tls : nullptr};
    const auto refused = co_await wire.connect(run->settings.wire);
    if (refused) {
        ++run->tally.failed;
        run->tally.first_failure = "connect: " + refused.message();
        co_return;
    }
    boost::asio::steady_timer timer{executor};
    std::string answer;
    for (std::uint64_t turn = 0;; ++turn) {
        const auto began = co_await next_due(run, &timer);
        if (began >= run->end) {
            co_return; // with a rate, what was due before is sent even when that is late
        }
        const auto request = make_request(*run, number, turn);
        const auto failure = co_await wire.write(request);
        if (failure) {
            ++run->tally.failed;
            co_return;
        }
        const bool is_read = co_await read_answer(&wire, &answer);
        count(*run, answer, began);
        if (!is_read) {
            co_return;
        }
    }
}

std::uint32_t percentile(const std::vector<std::uint32_t>& sorted, double part)
{
    if (sorted.empty()) {
        return 0;
    }
    const auto at = static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1));
    return sorted[at];
}

void report(Run& run)
{
    auto& latencies = run.tally.latencies_us;
    std::sort(latencies.begin(), latencies.end());
    const double requests = static_cast<double>(latencies.size()) / run.settings.seconds;
    const double events = requests * static_cast<double>(run.settings.events);
    std::array<char, 512> text{};
    const char* form =
        run.settings.is_json
            ? R"({"name":"http_load","connections":%zu,"events_per_request":%zu,"bytes":%zu,)"
              R"("requests_per_second":%.0f,"events_per_second":%.0f,"p50_us":%u,"p99_us":%u,)"
              R"("max_us":%u,"failed":%zu})"
            : "%zu connections, %zu events a request, %zu bytes: %.0f requests/s, %.0f events/s, "
              "p50 %u us, p99 %u us, max %u us, %zu failed";
    std::snprintf(text.data(), text.size(), form, run.settings.connections, run.settings.events,
                  run.settings.bytes, requests, events, percentile(latencies, 0.5),
                  percentile(latencies, 0.99), percentile(latencies, 1.0),
                  static_cast<std::size_t>(run.tally.failed));
    std::cout << text.data() << std::endl;
    if (run.tally.failed != 0) {
        std::cerr << "first failure: " << run.tally.first_failure << std::endl;
    }
}

} // namespace

int main(int argc, char** argv)
{
    Run run;
    Settings& settings = run.settings;
    CLI::App app{"Appends events over HTTP as fast as a node answers"};
    app.add_option("--address", settings.wire.address, "IP address of the node");
    app.add_option("--port", settings.wire.port, "its port")->required();
    app.add_option("--connections", settings.connections)->check(CLI::Range(1, 10'000));
    app.add_option("--events", settings.events, "in a request")->check(CLI::Range(1, 1000));
    app.add_option("--bytes", settings.bytes, "of data in an event");
    app.add_option("--streams", settings.streams)->check(CLI::Range(1, 10'000'000));
    app.add_option("--seconds", settings.seconds, "measured")->check(CLI::Range(0.1, 3600.0));
    app.add_option("--warm-up", settings.warm_up_seconds, "before that, not measured");
    app.add_option("--rate", settings.rate, "requests a second, come what may");
    app.add_option("--ca", settings.wire.ca_file, "over TLS, to a node that it vouches for");
    app.add_option("--certificate", settings.wire.certificate_file, "the client's own");
    app.add_option("--key", settings.wire.key_file, "of the certificate");
    app.add_option("--header", settings.header, "one more of each request");
    app.add_option("--keys", settings.keys, "idempotency keys of each connection, in turn");
    app.add_flag("--conditional", settings.is_conditional, "every append states a version");
    app.add_flag("--json", settings.is_json, "one JSON object");
    CLI11_PARSE(app, argc, argv);

    run.body = make_body(settings);
    const auto seconds = [](double count) {
        return std::chrono::duration_cast<SteadyClock::duration>(
            std::chrono::duration<double>(count));
    };
    run.begin = SteadyClock::now();
    settings.header += settings.header.empty() ? "" : "\r\n";
    run.tls = sealstream::bench::tls_context(settings.wire);
    if (settings.is_conditional || settings.keys != 0) {
        run.tag = std::to_string(run.begin.time_since_epoch().count()) + "-";
    }
    if (settings.is_conditional) {
        settings.streams = settings.connections;
    }
    run.measure_from = run.begin + seconds(settings.warm_up_seconds);
    run.end = run.measure_from + seconds(settings.seconds);
    run.tally.latencies_us.reserve(1 << 22);

    boost::asio::io_context context{1};
    for (std::size_t number = 0; number < settings.connections; ++number) {
        boost::asio::co_spawn(context, keep_appending(&run, number),
                              [](const std::exception_ptr& thrown) {
                                  if (thrown) {
                                      std::rethrow_exception(thrown);
                                  }
                              });
    }
    context.run();
    report(run);
    return run.tally.failed == 0 ? 0 : 1;
}
