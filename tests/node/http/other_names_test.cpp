// The ledger under paths and names that other systems know.

#include "core/event/canonical_json.hpp"
#include "node/http/handlers/finding.hpp"
#include "tests/node/http/server_world.hpp"
#include "tests/node/http/socket_client.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

// Events 1 to `count`, of type A and B by turns, in streams agent/a and agent/b.
void append_by_turns(HttpWorld& world, int count)
{
    for (int number = 1; number <= count; ++number) {
        const bool is_odd = number % 2 == 1;
        const std::string body = std::string{R"({"type":")"} + (is_odd ? "A" : "B") +
                                 R"(","data":{"n":)" + std::to_string(number) + "}}";
        REQUIRE(
            world.post(std::string{"/v1/streams/agent/"} + (is_odd ? "a" : "b") + "/events", body)
                .status == 201);
    }
}

std::string number_in(const std::string& frame)
{
    const auto at = frame.find("\"n\":");
    return at == std::string::npos ? "" : frame.substr(at + 4, frame.find('}', at) - at - 4);
}

} // namespace

TEST_CASE("/ws/events begins with the newest 15, then tells what happens", "[http][aggregates]")
{
    ServerWorld world;
    append_by_turns(world, 20);
    SocketClient client{world};

    REQUIRE(client.open("/ws/events"));
    for (int number = 6; number <= 20; ++number) {
        CHECK(number_in(client.next().payload) == std::to_string(number));
    }
    append_by_turns(world, 1);
    CHECK(number_in(client.next().payload) == "1");

    SocketClient again{world};
    REQUIRE(again.open("/ws/events"));
    CHECK(number_in(again.next().payload) == "7"); // the newest 15 on every connect
}

TEST_CASE("event_types filters the replay and what follows", "[http][aggregates]")
{
    const bool has_index = GENERATE(true, false);
    CAPTURE(has_index);
    ServerWorld world;
    if (!has_index) {
        world.services.index = nullptr;
    }
    append_by_turns(world, 40);
    SocketClient client{world};
    SocketClient none{world};
    SocketClient both{world};

    REQUIRE(client.open("/ws/events?event_types=B"));
    REQUIRE(none.open("/ws/events?event_types=C"));
    REQUIRE(both.open("/ws/events?event_types=B,C,A"));
    for (int number = 12; number <= 40; number += 2) {
        CHECK(number_in(client.next().payload) == std::to_string(number));
    }
    CHECK(number_in(both.next().payload) == "26");
    REQUIRE(world.post("/v1/streams/agent/c/events", R"({"type":"C","data":{"n":99}})").status ==
            201);
    CHECK(number_in(none.next().payload) == "99");
    append_by_turns(world, 2);
    CHECK(number_in(client.next().payload) == "2");
}

TEST_CASE("the replay is whole when the index lags behind the log", "[http][aggregates]")
{
    ServerWorld world;
    append_by_turns(world, 40);
    world.index.stands_at = Position{25};
    SocketClient client{world};

    REQUIRE(client.open("/ws/events?event_types=A"));

    for (int number = 11; number <= 39; number += 2) {
        CHECK(number_in(client.next().payload) == std::to_string(number));
    }
}

TEST_CASE("a message of /ws/events has the members that its clients know", "[http][aggregates]")
{
    ServerWorld world;
    REQUIRE(world
                .post("/v1/streams/agent/did:x:1/events",
                      R"({"type":"TokensTransferred","data":{"amount":5},"meta":{"category":"m"},)"
                      R"("time":"2026-03-15T18:00:00Z","key":"k-1"})")
                .status == 201);
    SocketClient client{world};
    REQUIRE(client.open("/ws/events"));

    const auto value = parse_json(client.next().payload);

    REQUIRE(value.has_value());
    auto object = value->get_object();
    CHECK(object.at("id").get_string().size() == 36);
    object.erase("id");
    CHECK(to_canonical_json(object) ==
          R"({"aggregate_id":"did:x:1","aggregate_type":"agent","data":{"amount":5},)"
          R"("event_type":"TokensTransferred","idempotency_key":"k-1","metadata":{"category":"m"},)"
          R"("source_service":"local","timestamp":"2026-03-15T18:00:00Z","version":1})");
}

TEST_CASE("a quiet /ws/events sends pings and nothing that is no event", "[http][aggregates]")
{
    ServerWorld world;
    world.services.feed_options.heartbeat = 20ms;
    SocketClient client{world};
    REQUIRE(client.open("/ws/events"));

    const auto beat = client.next();

    CHECK(beat.opcode == 0x9);
}

TEST_CASE("/ws/events without a WebSocket says what is spoken there", "[http][aggregates]")
{
    HttpWorld world;
    CHECK(world.get("/ws/events").status == 426);
    CHECK(world.get("/ws/events").header("Upgrade") == "websocket");
    CHECK(world.get("/ws/events?types=A").status == 400);
}

TEST_CASE("/api/v1/events gives one aggregate's events in order, page by page",
          "[http][aggregates]")
{
    const bool has_index = GENERATE(true, false);
    CAPTURE(has_index);
    HttpWorld world;
    if (!has_index) {
        world.services.index = nullptr;
    }
    append_by_turns(world, 10);

    const auto first = world.get("/api/v1/events?aggregate_id=a&limit=3");
    const auto second =
        world.get("/api/v1/events?aggregate_id=a&limit=3&after=" + first.at("/next"));
    const auto none = world.get("/api/v1/events?aggregate_id=nobody");

    CHECK(first.at("/events/0/data/n") == "1");
    CHECK(first.at("/events/2/data/n") == "5");
    CHECK(first.at("/events/3").empty());
    CHECK(second.at("/events/0/data/n") == "7");
    CHECK(second.at("/events/1/data/n") == "9");
    CHECK(second.at("/is_caught_up") == "true");
    CHECK(none.at("/next") == "10");
    CHECK(world.get("/api/v1/events?from=2020-01-01T00:00:00Z&to=2021-01-01T00:00:00Z")
              .at("/events/0")
              .empty());
    CHECK(world.get("/api/v1/events?from=yesterday").status == 400);
    CHECK(world.get("/api/v1/events?aggregate=a").status == 400);
}

TEST_CASE("GET /events?since= never misses and says where to go on", "[http][tail]")
{
    HttpWorld world;
    append_by_turns(world, 5);

    const auto page = world.get("/events?since=1&limit=2");
    const auto rest = world.get("/events?since=" + page.at("/next"));
    const auto filtered = world.get("/events?since=0&type=B&limit=2&wait=0");
    const auto empty = world.get("/events?since=5&wait=0");

    CHECK(page.at("/events/0/position") == "2");
    CHECK(page.at("/events/1/position") == "3");
    CHECK(page.at("/next") == "3");
    CHECK(page.at("/is_caught_up") == "false");
    CHECK(rest.at("/events/1/position") == "5");
    CHECK(rest.at("/is_caught_up") == "true");
    CHECK(filtered.at("/events/1/position") == "4");
    CHECK(empty.at("/next") == "5");
    CHECK(empty.at("/events/0").empty());
    CHECK(world.get("/events?since=x").status == 400);
}

TEST_CASE("GET /events?since= waits for what is not there yet", "[http][tail]")
{
    ServerWorld world;
    append_by_turns(world, 2);
    auto waiting = world.connect();
    REQUIRE(run_task(world.context, waiting.send(get_text("/events?since=2&type=A&wait=20"))));
    for (int tries = 0; tries < 200 && world.feeds.subscribers() == 0; ++tries) {
        run_task(world.context, world.stop_wish.sleep_for(5ms));
    }

    append_by_turns(world, 1);
    const auto answer = run_task(world.context, waiting.read_answer());

    CHECK(answer.find(R"("position":"3")") != std::string::npos);
    CHECK(answer.find(R"("next":"3")") != std::string::npos);
}

TEST_CASE("the newest events have no hole where the index is far behind", "[http][tail]")
{
    HttpWorld world;
    for (const char* stream : {"indexed", "between"}) {
        const std::string path = "/v1/streams/agent/" + std::string{stream} + "/events";
        REQUIRE(world.post(path, R"({"type":"Rare","data":1})").status == 201);
    }
    std::uint64_t number = 0;
    while (number <= http::newest_look_back) {
        StreamAppend many{{"agent", "busy"}, {}, {}};
        for (int at = 0; at < 1'000; ++at) {
            many.drafts.push_back(sample_draft(++number));
        }
        REQUIRE(run_task(world.context, world.log.append({{many}})));
    }

    world.index.stands_at = Position{1};
    const auto behind = world.get("/events?type=Rare");
    world.index.stands_at.reset();
    const auto caught_up = world.get("/events?type=Rare");

    CHECK(behind.status == 200);
    CHECK(behind.at("/events/0/position").empty()); // the older one alone would hide the newer
    CHECK(caught_up.at("/events/0/position") == "2");
    CHECK(caught_up.at("/events/1/position") == "1");
}

TEST_CASE("GET /events without a cursor shows the newest events first", "[http][tail]")
{
    HttpWorld world;
    append_by_turns(world, 9);

    const auto newest = world.get("/events?limit=3");
    const auto filtered = world.get("/events?type=A&limit=2&start_time=2020-01-01T00:00:00Z");
    const auto past = world.get("/events?end_time=2020-01-01T00:00:00Z");

    CHECK(newest.at("/events/0/position") == "9");
    CHECK(newest.at("/events/2/position") == "7");
    CHECK(newest.at("/next").empty());
    CHECK(filtered.at("/events/1/position") == "7");
    CHECK(past.status == 200);
    CHECK(past.at("/events/0").empty());
}
