// A node that is asked to stop answers what it was asked before.

#include "integration/support/http_client.hpp"
#include "integration/support/ledger_invariants.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <csignal>
#include <iostream>
#include <thread>

namespace drain_test {

using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

// All that a feed says until the node ends it.
std::string read_to_end(HttpConnection& feed, std::chrono::seconds longest)
{
    const auto deadline = std::chrono::steady_clock::now() + longest;
    std::string text;
    while (feed.is_open() && std::chrono::steady_clock::now() < deadline) {
        text += feed.read_some(100ms);
    }
    return text;
}

std::uint64_t last_id_in(const std::string& frames)
{
    const auto at = frames.rfind("id: ");
    return at == std::string::npos ? 0 : std::stoull(frames.substr(at + 4));
}

// Waits until so many events are in the log.
bool has_appended(int port, std::uint64_t events)
{
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < deadline) {
        if (http_get(port, "/v1/events?limit=1&after=" + std::to_string(events - 1))
                .value_or(HttpAnswer{})
                .body.find("\"position\"") != std::string::npos) {
            return true;
        }
        std::this_thread::sleep_for(20ms);
    }
    return false;
}

} // namespace

TEST_CASE("a node that is asked to stop under load answers every request, and ends with 0",
          "[drain]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    Cluster cluster;
    AppenderOptions load;
    load.ports = cluster.node_ports();
    load.connections = 8;
    load.pause = 0ms;
    load.is_reconnecting = false;
    load.seed = seed();
    HttpConnection feed{load.ports.front()};
    REQUIRE(feed.connect());
    REQUIRE(feed.send("GET /v1/events?after=0 HTTP/1.1\r\nHost: localhost\r\n"
                      "Accept: text/event-stream\r\n\r\n"));
    std::string frames;
    std::thread listener{[&] { frames = read_to_end(feed, 60s); }};
    AppenderClient client{load};
    REQUIRE(client.wait_for_more(500, 60s));

    const int exit_code = cluster.process(Member::node).stop();
    const auto appended = client.finish(60s);
    listener.join();

    INFO(cluster.process(Member::node).last_log_lines());
    CHECK(exit_code == 0);
    CHECK(appended.unanswered == 0);
    CHECK(appended.statuses.at(201) > 50);
    CHECK_FALSE(feed.is_open());
    CHECK(frames.find(": draining") != std::string::npos);
    CHECK(last_id_in(frames) > 0);

    cluster.start(Member::node);
    cluster.wait_until_ready();
    check_ledger_invariants(cluster, appended);

    // The cursor that the feed ended with goes on where it stopped.
    HttpConnection again{load.ports.front()};
    REQUIRE(again.connect());
    REQUIRE(again.send("GET /v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: " +
                       std::to_string(last_id_in(frames)) +
                       "\r\nAccept: text/event-stream\r\n\r\n"));
    std::string rest;
    while (again.is_open() && rest.find("event: caught-up") == std::string::npos) {
        rest += again.read_some(60s);
    }
    std::size_t events = 0;
    for (auto at = frames.find("event: LoadAppended"); at != std::string::npos;
         at = frames.find("event: LoadAppended", at + 1)) {
        ++events;
    }
    const std::size_t before = events;
    for (auto at = rest.find("event: LoadAppended"); at != std::string::npos;
         at = rest.find("event: LoadAppended", at + 1)) {
        ++events;
    }
    INFO(before << " events before the stop, " << events << " in all");
    CHECK(before == last_id_in(frames));
    CHECK(events == last_id_in(rest));
}

TEST_CASE("a bulk that is cut by a drain says what was appended, and the rest follows", "[drain]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    Cluster cluster;
    const int port = cluster.node_ports().front();
    constexpr std::size_t lines = 4'000;
    const auto line_of = [](std::size_t number) {
        return R"({"stream":"bulk/)" + std::to_string(number % 7) + R"(","type":"A","key":"k)" +
               std::to_string(number) + R"(","data":)" + std::to_string(number) + "}\n";
    };
    HttpConnection client{port};
    REQUIRE(client.connect());
    REQUIRE(client.send("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                        "application/x-ndjson\r\nContent-Length: 100000000\r\n\r\n"));
    std::thread stopper;
    int exit_code = -1;
    for (std::size_t number = 0; number < lines; ++number) {
        if (number == lines / 2) {
            REQUIRE(has_appended(port, lines / 4));
            stopper = std::thread{[&] { exit_code = cluster.process(Member::node).stop(); }};
        }
        if (!client.send(line_of(number))) {
            break; // the node has answered and closes
        }
        std::this_thread::sleep_for(50us);
    }
    const std::string results = read_to_end(client, 30s);
    stopper.join();

    const auto count = [](const std::string& text, std::string_view part) {
        std::size_t found = 0;
        for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
            ++found;
        }
        return found;
    };
    const std::size_t appended = count(results, "\"status\":201");
    INFO(results.substr(results.size() - std::min<std::size_t>(results.size(), 600)));
    CHECK(exit_code == 0);
    CHECK(appended >= lines / 4);
    CHECK(count(results, "\"code\":\"shutting_down\"") == 1);
    CHECK(count(results, "\"is_complete\":false") == 1);

    cluster.start(Member::node);
    cluster.wait_until_ready();
    std::string body;
    for (std::size_t number = 0; number < lines; ++number) {
        body += line_of(number);
    }
    HttpConnection again{port};
    REQUIRE(again.connect());
    REQUIRE(again.send("POST /v1/events?results=errors HTTP/1.1\r\nHost: localhost\r\n"
                       "Content-Type: application/x-ndjson\r\nContent-Length: " +
                       std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body));
    const std::string rest = read_to_end(again, 30s);

    // Nothing that was reported is appended twice, and nothing is missing.
    INFO(rest);
    CHECK(rest.find("\"appended\":\"" + std::to_string(lines - appended) + "\",\"repeated\":\"" +
                    std::to_string(appended) + R"(","failed":"0","is_complete":true)") !=
          std::string::npos);
}

TEST_CASE("every role ends with 0 when it is asked to stop", "[drain]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    Cluster cluster;
    for (const Member member : {Member::projector, Member::auditor, Member::node}) {
        INFO(name(member));
        CHECK(cluster.process(member).stop() == 0);
    }
    CHECK(cluster.error_lines() == std::vector<std::string>{});
}

} // namespace drain_test
