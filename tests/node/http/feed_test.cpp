// GET /v1/feed as server-sent events, over a socket.

#include "tests/node/http/server_world.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

TEST_CASE("a feed tells history, then that it is caught up, then what happens", "[http][feed]")
{
    ServerWorld world;
    REQUIRE(world.post(deal, R"([{"type":"A","data":{"n":1}},{"type":"B"}])").status == 201);
    auto client = world.connect();

    REQUIRE(run_task(world.context, client.send(get_text("/v1/feed"))));
    run_task(world.context, client.read_until("caught-up"));
    REQUIRE(world.post(deal, R"({"type":"C"})").status == 201);
    const auto frames = run_task(world.context, client.read_until("event: C"));

    CHECK(frames.find("Content-Type: text/event-stream\r\n") != std::string::npos);
    CHECK(frames.find("X-Accel-Buffering: no\r\n") != std::string::npos);
    CHECK(frames.find("retry: 2000\n\n") != std::string::npos);
    CHECK(frames.find("id: 1\nevent: A\ndata: {\"position\":\"1\"") != std::string::npos);
    CHECK(frames.find("id: 2\nevent: caught-up\ndata: {\"position\":\"2\"}\n\n") !=
          std::string::npos);
    CHECK(frames.find("id: 2\nevent: B") < frames.find("caught-up"));
    CHECK(frames.find("id: 3\nevent: C") > frames.find("caught-up"));
}

TEST_CASE("Last-Event-ID wins over after, and head means only what is new", "[http][feed]")
{
    ServerWorld world;
    REQUIRE(world.post(deal, R"([{"type":"A"},{"type":"B"},{"type":"C"}])").status == 201);
    struct Row {
        const char* target;
        const char* field;
        const char* first;
    };
    const auto row =
        GENERATE(Row{"/v1/feed?after=1", "", "id: 2\nevent: B"},
                 Row{"/v1/feed?after=1", "Last-Event-ID: 2\r\n", "id: 3\nevent: C"},
                 Row{"/v1/feed?after=head", "", "id: 3\nevent: caught-up"},
                 Row{"/v1/feed?type=C", "", "id: 3\nevent: C"},
                 Row{"/v1/events?after=1", "Accept: text/event-stream\r\n", "id: 2\nevent: B"},
                 Row{"/v1/streams/deal/42/events?after=2", "Accept: text/event-stream\r\n",
                     "id: 3\nevent: C"});
    CAPTURE(row.target, row.field);
    auto client = world.connect();

    REQUIRE(run_task(world.context, client.send(get_text(row.target, row.field))));
    const auto frames = run_task(world.context, client.read_until("caught-up"));

    const auto first = frames.find("id: ");
    CHECK(frames.substr(first, std::string{row.first}.size()) == row.first);
}

TEST_CASE("lines tell the same as server-sent events, in frames with a type", "[http][feed]")
{
    ServerWorld world;
    world.services.feed_options.heartbeat = 20ms;
    REQUIRE(world.post(deal, R"([{"type":"A","data":{"n":1}},{"type":"B"}])").status == 201);
    auto client = world.connect();

    const auto request = get_text("/v1/feed?type=A", "Accept: application/x-ndjson\r\n");
    REQUIRE(run_task(world.context, client.send(request)));
    const auto frames = run_task(world.context, client.read_until("heartbeat"));

    CHECK(frames.find("Content-Type: application/x-ndjson\r\n") != std::string::npos);
    CHECK(frames.find(R"({"type":"event","cursor":"1","event":{"position":"1",)") !=
          std::string::npos);
    CHECK(frames.find("{\"type\":\"caught-up\",\"cursor\":\"2\"}\n") != std::string::npos);
    CHECK(frames.find("{\"type\":\"heartbeat\",\"cursor\":\"2\"") != std::string::npos);
    CHECK(frames.find(R"("type":"B")") == std::string::npos);

    const std::size_t cut = world.drain();
    const auto end = run_task(world.context, client.read_to_end());
    CHECK(cut == 0);
    CHECK(end.find(R"({"type":"error","cursor":"2","code":"draining","retryable":true)") !=
          std::string::npos);
    CHECK(end.substr(end.size() - 5) == "0\r\n\r\n");
}

TEST_CASE("a quiet feed beats, and its cursor moves past what it does not show", "[http][feed]")
{
    ServerWorld world;
    world.services.feed_options.heartbeat = 20ms;
    REQUIRE(world.post(deal, R"({"type":"A"})").status == 201);
    auto client = world.connect();

    REQUIRE(run_task(world.context, client.send(get_text("/v1/feed?type=Never"))));
    run_task(world.context, client.read_until("caught-up"));
    REQUIRE(world.post(deal, R"({"type":"B"})").status == 201);
    const auto frames = run_task(world.context, client.read_until(": heartbeat\nid: 2\n\n"));

    CHECK(frames.find("event: A") == std::string::npos);
    CHECK(frames.find("event: B") == std::string::npos);
    CHECK(!client.has_ended());
}

TEST_CASE("a client that does not read is cut, and the others do not notice", "[http][feed]")
{
    struct Row {
        const char* transport;
        const char* fields;
    };
    const auto row = GENERATE(Row{"sse", ""}, Row{"ndjson", "Accept: application/x-ndjson\r\n"},
                              Row{"websocket", "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                               "Sec-WebSocket-Version: 13\r\n"});
    CAPTURE(row.transport);
    constexpr std::size_t ring_bytes_max = 8 << 20;
    FeedHubOptions small;
    small.ring_bytes_max = ring_bytes_max;
    ServerWorld world{ServerWorld::quick(), {}, small};
    const std::string large = R"({"type":"A","data":")" + std::string(200'000, 'x') + "\"}";
    auto stuck = world.connect();
    auto brisk = world.connect();
    REQUIRE(run_task(world.context, stuck.send(get_text("/v1/feed", row.fields))));
    REQUIRE(run_task(world.context, brisk.send(get_text("/v1/feed"))));
    run_task(world.context, brisk.read_until("caught-up"));

    std::string frames;
    for (int number = 1; number <= 60; ++number) {
        REQUIRE(world.post(deal, large).status == 201);
        if (number % 5 == 0) { // no more than the sockets hold, or it would not be brisk
            const std::string mark = "id: " + std::to_string(number) + "\n";
            frames = run_task(world.context, brisk.read_until(mark));
        }
        CHECK(world.feeds.ring_bytes() <= ring_bytes_max);
    }
    const std::string cut = "sealstream_subscriber_disconnects_total{reason=\"slow\",transport=\"" +
                            std::string{row.transport} + "\"} 1";
    std::string metrics;
    for (int tries = 0; tries < 300 && metrics.find(cut) == std::string::npos; ++tries) {
        run_task(world.context, world.stop_wish.sleep_for(10ms));
        metrics = world.metrics.text();
    }

    CHECK(count_of(frames, "event: A") == 60);
    CHECK(metrics.find(cut) != std::string::npos);
    CHECK(world.feeds.subscribers() == 1);
    CHECK(world.post(deal, R"({"type":"B"})").status == 201);
}
