// While the log is away, a live subscription does not say that all is well: it ends, and goes on
// from its cursor when the log is back.

#include "integration/support/cluster.hpp"
#include "integration/support/http_client.hpp"
#include "tests/support/catch.hpp"

#include <chrono>

namespace feed_away_test {

using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

void append(int port, const std::string& stream, std::chrono::seconds longest)
{
    const std::string body = R"({"type":"Seen"})";
    const auto deadline = std::chrono::steady_clock::now() + longest;
    int status = 0;
    while (status != 201 && std::chrono::steady_clock::now() < deadline) {
        HttpConnection client{port};
        const bool is_sent =
            client.connect() && client.send("POST /v1/streams/" + stream +
                                            "/events HTTP/1.1\r\nHost: localhost\r\n"
                                            "Content-Type: application/json\r\nContent-Length: " +
                                            std::to_string(body.size()) + "\r\n\r\n" + body);
        const auto answer = is_sent ? client.read_answer() : std::nullopt;
        status = answer ? answer->status : 0;
    }
    REQUIRE(status == 201);
}

// Follows from `after` until `word` has come, or the feed ends, or the time is over.
std::string follow_until(HttpConnection& feed, const std::string& word,
                         std::chrono::seconds longest)
{
    std::string text;
    const auto deadline = std::chrono::steady_clock::now() + longest;
    while (text.find(word) == std::string::npos && feed.is_open() &&
           std::chrono::steady_clock::now() < deadline) {
        text += feed.read_some(100ms);
    }
    return text;
}

bool subscribe(HttpConnection& feed, int after)
{
    return feed.connect() && feed.send("GET /v1/feed?after=" + std::to_string(after) +
                                       " HTTP/1.1\r\nHost: localhost\r\n"
                                       "Accept: application/x-ndjson\r\n\r\n");
}

} // namespace

TEST_CASE("a live feed ends with unavailable while the log is away, and its cursor goes on",
          "[cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    ClusterOptions options;
    options.settings = {"feeds.log_away_ms=2000", "feeds.heartbeat_ms=500"};
    Cluster cluster{options};
    const int port = cluster.node_ports().front();
    append(port, "deal/1", 60s);
    HttpConnection feed{port};
    REQUIRE(subscribe(feed, 0));
    // The neighbour: a quiet log that answers is told by heartbeats.
    const auto before = follow_until(feed, R"("type":"heartbeat")", 60s);
    CHECK(before.find(R"("type":"event","cursor":"1")") != std::string::npos);
    CHECK(before.find(R"("type":"heartbeat","cursor":"1")") != std::string::npos);

    cluster.kill(Member::nats);
    const auto end = follow_until(feed, R"("type":"error")", 60s);
    INFO(end);
    CHECK(end.find(R"("code":"unavailable")") != std::string::npos);
    CHECK(end.find(R"("type":"error","cursor":"1")") != std::string::npos);

    cluster.start(Member::nats);
    append(port, "deal/2", 60s);
    std::string after;
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (after.find(R"("type":"event")") == std::string::npos &&
           std::chrono::steady_clock::now() < deadline) {
        HttpConnection again{port};
        if (subscribe(again, 1)) {
            after = follow_until(again, R"("type":"event")", 10s);
        }
    }
    CHECK(after.find(R"("type":"event","cursor":"2")") != std::string::npos);
    CHECK(cluster.error_lines() == std::vector<std::string>{});
}

} // namespace feed_away_test
