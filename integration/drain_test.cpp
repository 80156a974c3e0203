// A node that is asked to stop answers what it was asked before.

#include "integration/support/http_client.hpp"
#include "integration/support/ledger_invariants.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <csignal>
#include <iostream>

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
    const auto appended = client.finish(10s);
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
        rest += again.read_some(5s);
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
    CHECK(cluster.error_lines().empty());
}
