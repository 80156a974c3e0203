// Where reading ends: pages bounded in bytes, cursors beyond the end, positions that are not there
// yet, answers that are cut.

#include "tests/node/http/server_world.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

#include <boost/json/array.hpp>

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t large = 900; // bytes

http::Limits small_pages()
{
    http::Limits limits;
    limits.page_bytes_max = 3 * large; // two or three events
    return limits;
}

void append_large(HttpWorld& world, int count)
{
    for (int number = 0; number < count; ++number) {
        const auto body = R"({"type":"Large","data":")" + std::string(large, 'x') + "\"}";
        REQUIRE(world.post(deal, body).status == 201);
    }
}

// The numbers that a client sees who follows `next` until a page is empty.
std::vector<std::string> follow(HttpWorld& world, const std::string& target)
{
    std::vector<std::string> seen;
    std::string next = "0";
    for (int pages = 0; pages < 100; ++pages) {
        const auto page = world.get(target + "&after=" + next);
        REQUIRE(page.status == 200);
        CHECK(page.body.size() < 6 * large);
        const auto json = page.json();
        const auto& events = json.at("events").as_array();
        for (const auto& event : events) {
            seen.emplace_back(event.at("position").as_string().c_str());
        }
        next = page.at("/next");
        if (events.empty() || next == "1") {
            break;
        }
    }
    return seen;
}

} // namespace

TEST_CASE("pages of large events skip none of them, in either direction", "[http][read]")
{
    HttpWorld world{small_pages()};
    append_large(world, 20);
    const std::string base = GENERATE(as<std::string>{}, "/v1/events?", "/v1/events?type=Large&",
                                      std::string{deal} + "?");
    const bool is_backward = GENERATE(false, true);
    CAPTURE(base, is_backward);

    const auto seen = follow(world, base + "limit=20" + (is_backward ? "&direction=backward" : ""));

    REQUIRE(seen.size() == 20);
    for (std::size_t at = 0; at < seen.size(); ++at) {
        CHECK(seen[at] == std::to_string(is_backward ? 20 - at : at + 1));
    }
}

TEST_CASE("the tail of large events comes in pages, too", "[http][read]")
{
    HttpWorld world{small_pages()};
    append_large(world, 20);
    std::size_t seen = 0;
    std::string since = "0";

    for (int pages = 0; pages < 30 && since != "20"; ++pages) {
        const auto page = world.get("/events?wait=0&since=" + since);
        REQUIRE(page.status == 200);
        CHECK(page.body.size() < 6 * large);
        seen += page.json().at("events").as_array().size();
        since = page.at("/next");
    }

    CHECK(seen == 20);
}

TEST_CASE("a stream is read backward from its last version or from any other", "[http][read]")
{
    HttpWorld world;
    REQUIRE(world.post("/v1/streams/deal/1/events", R"({"type":"Other"})").status == 201);
    append_large(world, 5);
    const std::string backward = std::string{deal} + "?direction=backward&limit=2";

    const auto newest = world.get(backward);
    const auto older = world.get(backward + "&after=" + newest.at("/next"));
    const auto oldest = world.get(backward + "&after=" + older.at("/next"));

    CHECK(newest.at("/events/0/version") == "5");
    CHECK(newest.at("/events/1/version") == "4");
    CHECK(newest.at("/is_caught_up") == "false");
    CHECK(older.at("/events/0/version") == "3");
    CHECK(oldest.at("/events/0/version") == "1");
    CHECK(oldest.at("/is_caught_up") == "true");
    CHECK(world.get("/v1/streams/deal/2/events?direction=backward").status == 404);
}

TEST_CASE("a cursor beyond the end is refused, wherever it is shown", "[http][read]")
{
    HttpWorld world;
    append_large(world, 3);
    const std::string target =
        GENERATE(as<std::string>{}, "/v1/events?after=4", "/v1/events?after=4&wait=30",
                 "/v1/events?after=4&type=Large", "/v1/events?after=5&direction=backward",
                 "/v1/streams/deal/42/events?after=4",
                 "/v1/streams/deal/42/events?after=9&direction=backward", "/events?since=4",
                 "/v1/feed?after=4");
    const bool are_lines = GENERATE(false, true);
    CAPTURE(target, are_lines);
    if (are_lines && target.find("backward") != std::string::npos) {
        return; // refused for that
    }

    const auto got =
        are_lines ? world.get(target, {{"Accept", "application/x-ndjson"}}) : world.get(target);

    CHECK(got.status == 400);
    CHECK(got.at("/detail").find("beyond the") != std::string::npos);
    CHECK(world.get("/v1/events?after=3").at("/is_caught_up") == "true");
}

TEST_CASE("a position that has not been appended yet is waited for, not read past", "[http][read]")
{
    HttpWorld world;
    append_large(world, 3);
    const std::string target =
        GENERATE(as<std::string>{}, "/v1/events?", "/v1/events?direction=backward&",
                 std::string{deal} + "?", "/events?wait=0&since=0&", "/events?wait=0&");
    CAPTURE(target);

    const auto early = world.get(target + "min-position=4");
    const auto lenient = world.get(target + "min-position=4", {{"Prefer", "handling=lenient"}});
    const auto there = world.get(target + "min-position=3");

    CHECK(early.status == 503);
    CHECK(early.at("/code") == "projection_behind");
    CHECK(early.at("/position") == "3");
    CHECK(lenient.status == 200);
    CHECK(there.status == 200);
    CHECK(there.json().at("events").as_array().size() == 3);
}

TEST_CASE("lines of a filter come from the log itself, whatever the index does", "[http][read]")
{
    HttpWorld world;
    append_large(world, 2);
    REQUIRE(world.post("/v1/streams/note/1/events", R"({"type":"Noted"})").status == 201);
    append_large(world, 2);
    world.index.stands_at = GENERATE(Position{}, Position{3}, Position{5});
    const std::vector<std::pair<std::string, std::string>> lines{
        {"Accept", "application/x-ndjson"}};

    const auto all = world.get("/v1/events?type=Noted", lines);
    const auto some = world.get("/v1/events?type=Large&limit=3", lines);

    CHECK(all.content_type == "application/x-ndjson");
    CHECK(count_of(all.body, "\"type\":\"Noted\"") == 1);
    CHECK(count_of(all.body, "\"type\":\"Large\"") == 0);
    CHECK(all.body.find(R"({"trailer":{"count":"1","next":"5")") != std::string::npos);
    CHECK(count_of(some.body, "\"type\":\"Large\"") == 3);
    CHECK(some.body.find(R"({"trailer":{"count":"3","next":"4")") != std::string::npos);
    CHECK(world.get("/v1/events?q=x", lines).status == 400);
    CHECK(world.get("/v1/events?direction=backward", lines).status == 400);
    CHECK(world.get("/v1/streams/deal/7/events", lines).status == 404);
}

TEST_CASE("lines that a stopping node cuts say so, and have no trailer", "[http][read][drain]")
{
    ServerWorld world;
    const std::string body =
        R"({"type":"Big","data":{"text":")" + std::string(500'000, 'x') + "\"}}";
    for (int events = 0; events < 40; ++events) { // more than sockets hold
        REQUIRE(world.post(deal, body).status == 201);
    }
    const std::string target =
        GENERATE(as<std::string>{}, "/v1/events", "/v1/events?type=Big", deal);
    CAPTURE(target);
    auto client = world.connect();
    REQUIRE(
        run_task(world.context, client.send(get_text(target, "Accept: application/x-ndjson\r\n"))));
    run_task(world.context, client.read_until("\"position\":\"1\""));
    world.context.restart();
    world.context.run_for(100ms); // some more, until the sockets are full

    world.stop_wish.request();
    const auto all = run_task(world.context, client.read_until("\r\n0\r\n\r\n"));

    const auto events = count_of(all, "\"position\":\"");
    CHECK(events > 0);
    CHECK(events < 40);
    CHECK(all.find("\"trailer\"") == std::string::npos);
    CHECK(all.find(R"({"type":"error","cursor":")" + std::to_string(events) +
                   R"(","code":"draining","retryable":true)") != std::string::npos);
}
