// The end of a node: every request that has arrived is answered.

#include "core/base/log.hpp"
#include "tests/node/http/server_world.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/catch.hpp"

#include <sstream>

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

struct Tally {
    std::size_t sent{0};
    std::size_t answered{0};
    std::size_t done{0};
};

// Appends until the server says that it closes.
Task<void> append_until_closed(ServerWorld* world, int number, Tally* tally)
{
    auto client = world->connect();
    const auto request =
        post_text("/v1/streams/load/" + std::to_string(number) + "/events", R"({"type":"A"})");
    for (bool goes_on = true; goes_on;) {
        const bool is_sent = co_await client.send(request);
        if (!is_sent) {
            break;
        }
        ++tally->sent;
        const auto answer = co_await client.read_answer();
        tally->answered += answer.find("HTTP/1.1 201") == 0 ? 1U : 0U;
        goes_on = answer.find("Connection: close") == std::string::npos && !answer.empty();
    }
    ++tally->done;
}

Task<void> drain_after(ServerWorld* world, Tally* tally, std::size_t requests, std::size_t* cut)
{
    while (tally->answered < requests) {
        co_await world->stop_wish.sleep_for(1ms);
    }
    *cut = co_await world->server.drain(5s);
}

} // namespace

TEST_CASE("no request is lost when the node drains under load", "[http][drain]")
{
    ServerWorld world;
    Tally tally;
    std::size_t cut = 99;
    constexpr int clients = 16;

    for (int number = 0; number < clients; ++number) {
        world.tasks.spawn("client", append_until_closed(&world, number, &tally));
    }
    run_task(world.context, drain_after(&world, &tally, 500, &cut));
    world.mark_drained();
    world.stop();

    CHECK(tally.done == clients);
    CHECK(tally.sent >= 500);
    CHECK(tally.answered == tally.sent);
    CHECK(cut == 0);
    CHECK(run_task(world.context, world.log.head())->value == tally.answered);
}

TEST_CASE("draining ends a feed with its cursor and a long-poll with an empty page",
          "[http][drain]")
{
    ServerWorld world;
    auto feed = world.connect();
    auto poll = world.connect();
    auto silent = world.connect();
    REQUIRE(run_task(world.context, feed.send(get_text("/v1/feed"))));
    REQUIRE(run_task(world.context, poll.send(get_text("/v1/events?wait=30"))));
    run_task(world.context, feed.read_until("caught-up"));

    const auto cut = world.drain();
    const auto frames = run_task(world.context, feed.read_to_end());
    const auto page = run_task(world.context, poll.read_to_end());
    const auto nothing = run_task(world.context, silent.read_to_end());

    CHECK(cut == 0);
    CHECK(frames.find(": draining\nid: 0\n\n") != std::string::npos);
    CHECK(frames.substr(frames.size() - 5) == "0\r\n\r\n");
    CHECK(page.find("HTTP/1.1 200 OK") == 0);
    CHECK(page.find("Connection: close") != std::string::npos);
    CHECK(nothing.empty());
}

TEST_CASE("a bulk in the middle of a drain tells what was appended, and can be sent again",
          "[http][drain][bulk]")
{
    auto options = ServerWorld::quick();
    options.timeouts.body_silence = 10s; // a busy machine may keep this client silent for a while
    ServerWorld world{options};
    const bool is_going_on = GENERATE(false, true);
    const auto chunk_of = [](int first, int last) {
        std::string lines;
        for (int number = first; number <= last; ++number) {
            lines += R"({"stream":"deal/1","type":"A","key":"k)" + std::to_string(number) + "\"}\n";
        }
        std::ostringstream chunk;
        chunk << std::hex << lines.size() << "\r\n" << lines << "\r\n";
        return chunk.str();
    };
    auto client = world.connect();
    REQUIRE(run_task(world.context,
                     client.send("POST /v1/events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
                                 "\r\nContent-Type: application/x-ndjson\r\n\r\n" +
                                 chunk_of(1, 3))));
    while (run_task(world.context, world.log.head())->value < 3) {
        run_task(world.context, world.stop_wish.sleep_for(1ms));
    }
    world.stop_wish.request();
    const int sent = is_going_on ? 5 : 3;
    if (is_going_on) {
        REQUIRE(run_task(world.context, client.send(chunk_of(4, 5))));
    }

    const auto cut = world.drain();
    const auto answer = run_task(world.context, client.read_to_end());

    INFO(answer);
    CHECK(cut == 0);
    CHECK(count_of(answer, "\"status\":201") == static_cast<std::size_t>(sent));
    CHECK(answer.find("{\"line\":\"" + std::to_string(sent + 1) +
                      R"(","status":503,"code":"shutting_down","retryable":true)") !=
          std::string::npos);
    CHECK(answer.find("\"appended\":\"" + std::to_string(sent) +
                      R"(","repeated":"0","failed":"1","is_complete":false)") != std::string::npos);
    CHECK(answer.substr(answer.size() - 5) == "0\r\n\r\n");
    CHECK(run_task(world.context, world.log.head())->value == static_cast<std::uint64_t>(sent));
}

TEST_CASE("what outlives the deadline of the drain is cut and counted", "[http][drain]")
{
    CapturedLog captured;
    auto options = ServerWorld::quick();
    options.timeouts.body = 5s;
    ServerWorld world{options};
    auto stuck = world.connect();
    REQUIRE(
        run_task(world.context,
                 stuck.send("POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")));
    run_task(world.context, world.stop_wish.sleep_for(20ms));

    const auto cut = run_task(world.context, world.server.drain(50ms));
    world.mark_drained();

    CHECK(cut == 1);
    CHECK(captured.count("http.drained") == 1);
}
