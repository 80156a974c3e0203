// How long from an append to its arrival at subscribers, over each transport.
//
//   feed_load --port 8080 --subscribers 1000 --rate 10000 --streams 1000 --seconds 5
//             [--transport sse|ndjson|websocket|mixed] [--all] [--json] [--hold FILE]
//
// Subscriber n follows stream load/(n mod streams); with --all, every subscriber gets every event.
// Appends are single events that come at their own pace over a few connections; each carries the
// moment at which it was due, so waiting in line for a connection is part of its latency, which
// ends when its frame has been read. One thread: when it is the bottleneck, it measures itself
// (`late` counts appends that were sent more than 10 ms after they were due). With --hold, it makes
// FILE when all subscribers follow, and begins when FILE has gone: time to look at the node's
// memory.

#include "core/async/awaitable.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

using boost::asio::ip::tcp;
using sealstream::Task;
using sealstream::use_tuple;
using SteadyClock = std::chrono::steady_clock;

struct Settings {
    std::uint16_t port{0};
    std::size_t subscribers{1000};
    std::size_t appenders{64};
    std::size_t streams{1000};
    double rate{10'000};
    double seconds{5};
    std::string transport{"sse"};
    std::string hold;
    bool is_all{false};
    bool is_json{false};
};

constexpr std::array<std::string_view, 3> transports{"sse", "ndjson", "websocket"};

struct Run {
    Settings settings;
    std::size_t following{0};
    std::uint64_t appended{0};
    std::uint64_t late{0}; // appends that missed their moment by more than 10 ms
    std::uint64_t failed{0};
    std::array<std::vector<std::uint32_t>, transports.size()> latencies_us;
    SteadyClock::time_point end{SteadyClock::time_point::max()};
};

std::int64_t now_ns()
{
    return SteadyClock::now().time_since_epoch().count();
}

Task<bool> connect(tcp::socket* socket, const Run* run)
{
    const tcp::endpoint node{boost::asio::ip::address_v4::loopback(), run->settings.port};
    const auto [failure] = co_await socket->async_connect(node, use_tuple);
    if (!failure) {
        socket->set_option(tcp::no_delay{true});
    }
    co_return !failure;
}

std::size_t transport_of(const Settings& settings, std::size_t number)
{
    const auto* const found = std::find(transports.begin(), transports.end(), settings.transport);
    return found == transports.end() ? number % transports.size()
                                     : static_cast<std::size_t>(found - transports.begin());
}

std::string request_of(const Settings& settings, std::size_t number, std::size_t transport)
{
    std::string request{"GET /v1/feed?after=head"};
    if (!settings.is_all) {
        request.append("&stream=load/").append(std::to_string(number % settings.streams));
    }
    request.append(" HTTP/1.1\r\nHost: localhost\r\n");
    if (transports[transport] == "ndjson") {
        request.append("Accept: application/x-ndjson\r\n");
    } else if (transports[transport] == "websocket") {
        request.append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    }
    return request.append("\r\n");
}

// Takes whole moments off the text; what may be the beginning of one stays.
void take_moments(std::string& text, std::vector<std::uint32_t>& latencies_us)
{
    constexpr std::string_view mark = "\"sent\":\"";
    constexpr std::size_t kept_bytes = 64;
    const auto arrived = now_ns();
    std::size_t done = 0;
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, done)) {
        const auto end = text.find('"', at + mark.size());
        if (end == std::string::npos) {
            break;
        }
        std::int64_t moment = 0;
        std::from_chars(text.data() + at + mark.size(), text.data() + end, moment);
        latencies_us.push_back(static_cast<std::uint32_t>((arrived - moment) / 1000));
        done = end;
    }
    text.erase(0, std::max(done, text.size() - std::min(text.size(), kept_bytes)));
}

Task<void> follow(Run* run, std::size_t number)
{
    tcp::socket socket{co_await boost::asio::this_coro::executor};
    const bool is_connected = co_await connect(&socket, run);
    const std::size_t transport = transport_of(run->settings, number);
    const auto request = request_of(run->settings, number, transport);
    const auto question = boost::asio::buffer(request);
    const auto [refused, sent] = co_await boost::asio::async_write(socket, question, use_tuple);
    if (!is_connected || refused) {
        ++run->failed;
        co_return;
    }
    std::string text;
    bool is_live = false;
    std::vector<char> piece(16384);
    const auto buffer = boost::asio::buffer(piece);
    for (;;) {
        const auto [failure, size] = co_await socket.async_read_some(buffer, use_tuple);
        if (failure) {
            run->failed += SteadyClock::now() < run->end ? 1U : 0U; // cut
            co_return;
        }
        text.append(piece.data(), size);
        if (!is_live && text.find("caught-up") != std::string::npos) {
            is_live = true;
            ++run->following;
        }
        take_moments(text, run->latencies_us[transport]);
    }
}

Task<void> append_at_rate(Run* run, std::size_t number)
{
    const auto executor = co_await boost::asio::this_coro::executor;
    tcp::socket socket{executor};
    boost::asio::steady_timer timer{executor};
    const bool is_connected = co_await connect(&socket, run);
    const auto pause =
        std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(
            static_cast<double>(run->settings.appenders) / run->settings.rate));
    auto moment = SteadyClock::now() +
                  pause * static_cast<long>(number) / static_cast<long>(run->settings.appenders);
    std::array<char, 8192> answer{};
    const auto buffer = boost::asio::buffer(answer);
    for (std::size_t stream = number; is_connected && SteadyClock::now() < run->end;
         stream += run->settings.appenders, moment += pause) {
        timer.expires_at(moment);
        co_await timer.async_wait(use_tuple);
        run->late += SteadyClock::now() - moment > std::chrono::milliseconds{10} ? 1U : 0U;
        const auto due = moment.time_since_epoch().count();
        const std::string body = R"({"type":"LoadMeasured","data":{"sent":")" +
                                 std::to_string(due) + R"(","text":")" + std::string(200, 'x') +
                                 "\"}}";
        const std::string request = "POST /v1/streams/load/" +
                                    std::to_string(stream % run->settings.streams) +
                                    "/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                                    "application/json\r\nContent-Length: " +
                                    std::to_string(body.size()) + "\r\n\r\n" + body;
        const auto bytes = boost::asio::buffer(request);
        const auto [refused, sent] = co_await boost::asio::async_write(socket, bytes, use_tuple);
        const auto [failure, size] = co_await socket.async_read_some(buffer, use_tuple);
        const bool is_appended =
            !refused && !failure &&
            std::string_view{answer.data(), size}.substr(0, 12) == "HTTP/1.1 201";
        (is_appended ? run->appended : run->failed) += 1;
    }
}

Task<void> measure(Run* run, boost::asio::io_context* context)
{
    boost::asio::steady_timer timer{*context};
    while (run->following < run->settings.subscribers && run->failed == 0) {
        timer.expires_after(std::chrono::milliseconds{10});
        co_await timer.async_wait(use_tuple);
    }
    if (!run->settings.hold.empty()) {
        std::ofstream{run->settings.hold} << "following";
        while (std::filesystem::exists(run->settings.hold)) {
            timer.expires_after(std::chrono::milliseconds{20});
            co_await timer.async_wait(use_tuple);
        }
    }
    run->end = SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(
                                        std::chrono::duration<double>(run->settings.seconds));
    for (std::size_t number = 0; number < run->settings.appenders; ++number) {
        boost::asio::co_spawn(*context, append_at_rate(run, number),
                              [](const std::exception_ptr&) {});
    }
    timer.expires_at(run->end + std::chrono::milliseconds{500});
    co_await timer.async_wait(use_tuple);
    context->stop();
}

std::uint32_t percentile(const std::vector<std::uint32_t>& sorted, double part)
{
    return sorted.empty()
               ? 0
               : sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

} // namespace

int main(int argc, char** argv)
{
    Run run;
    Settings& settings = run.settings;
    CLI::App app{"How long from an append to its arrival at subscribers"};
    app.add_option("--port", settings.port, "of the node on loopback")->required();
    app.add_option("--subscribers", settings.subscribers)->check(CLI::Range(1, 20'000));
    app.add_option("--appenders", settings.appenders, "connections")->check(CLI::Range(1, 1000));
    app.add_option("--streams", settings.streams)->check(CLI::Range(1, 1'000'000));
    app.add_option("--rate", settings.rate, "appends a second")->check(CLI::Range(1.0, 1e6));
    app.add_option("--seconds", settings.seconds)->check(CLI::Range(0.1, 3600.0));
    app.add_option("--transport", settings.transport)
        ->check(CLI::IsMember({"sse", "ndjson", "websocket", "mixed"}));
    app.add_option("--hold", settings.hold, "made when all follow; begins when it has gone");
    app.add_flag("--all", settings.is_all, "every subscriber gets every event");
    app.add_flag("--json", settings.is_json, "one JSON object");
    CLI11_PARSE(app, argc, argv);

    boost::asio::io_context context{1};
    for (std::size_t number = 0; number < settings.subscribers; ++number) {
        boost::asio::co_spawn(context, follow(&run, number), [](const std::exception_ptr&) {});
    }
    boost::asio::co_spawn(context, measure(&run, &context), [](const std::exception_ptr&) {});
    context.run();

    for (std::size_t transport = 0; transport < transports.size(); ++transport) {
        auto& latencies = run.latencies_us[transport];
        std::sort(latencies.begin(), latencies.end());
        if (latencies.empty()) {
            continue;
        }
        std::array<char, 512> text{};
        const char* form =
            settings.is_json
                ? R"({"name":"feed_load","transport":"%s","subscribers":%zu,"appends_per_second":%.0f,)"
                  R"("frames":%zu,"p50_us":%u,"p90_us":%u,"p99_us":%u,"p999_us":%u,"max_us":%u,)"
                  R"("late":%zu,"failed":%zu})"
                : "%s: %zu subscribers in all, %.0f appends/s, %zu frames: p50 %u us, p90 %u us, "
                  "p99 %u us, p99.9 %u us, max %u us, %zu late, %zu failed";
        std::snprintf(text.data(), text.size(), form, transports[transport].data(),
                      settings.subscribers, static_cast<double>(run.appended) / settings.seconds,
                      latencies.size(), percentile(latencies, 0.5), percentile(latencies, 0.9),
                      percentile(latencies, 0.99), percentile(latencies, 0.999),
                      percentile(latencies, 1.0), static_cast<std::size_t>(run.late),
                      static_cast<std::size_t>(run.failed));
        std::cout << text.data() << std::endl;
    }
    return run.failed == 0 ? 0 : 1;
}
