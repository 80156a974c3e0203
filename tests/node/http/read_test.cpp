// Reading: pages, cursors, caching, filters, waiting.

#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

void append_numbered(HttpWorld& world, int count, const std::string& target = deal)
{
    for (int number = 0; number < count; ++number) {
        const auto body = R"({"type":"Step","data":)" + std::to_string(number) + "}";
        REQUIRE(world.post(target, body).status == 201);
    }
}

Task<void> append_after(HttpWorld* world, std::chrono::milliseconds delay, std::string target)
{
    co_await world->stop_wish.sleep_for(delay);
    Sent sent{http::Verb::post, std::move(target)};
    sent.fields.emplace_back("Content-Type", "application/json");
    sent.body = R"({"type":"Late"})";
    const auto got = co_await world->answer(std::move(sent));
    SEAL_CHECK(got.status == 201, "the append is accepted");
}

} // namespace

TEST_CASE("following next visits every event once, in order", "[http][read]")
{
    HttpWorld world;
    append_numbered(world, 25);
    append_numbered(world, 4, "/v1/streams/deal/43/events");
    const std::string base = GENERATE(as<std::string>{}, "/v1/events", deal);
    const std::uint64_t total = base == deal ? 25 : 29;

    std::vector<std::string> seen;
    std::string next = "0";
    for (bool is_caught_up = false; !is_caught_up;) {
        const auto page = world.get(base + "?limit=10&after=" + next);
        REQUIRE(page.status == 200);
        const auto json = page.json();
        for (const auto& event : json.at("events").as_array()) {
            seen.emplace_back(event.at("position").as_string().c_str());
        }
        next = page.at("/next");
        CHECK(page.header("Link") == "<" + base + "?after=" + next + "&limit=10>; rel=\"next\"");
        is_caught_up = page.at("/is_caught_up") == "true";
    }

    REQUIRE(seen.size() == total);
    for (std::size_t at = 0; at < seen.size(); ++at) {
        CHECK(seen[at] == std::to_string(at + 1));
    }
}

TEST_CASE("a full page is immutable, the page at the head is not", "[http][read]")
{
    HttpWorld world;
    append_numbered(world, 15);
    const std::string base = GENERATE(as<std::string>{}, "/v1/events", deal);

    const auto full = world.get(base + "?limit=10");
    const auto head = world.get(base + "?limit=10&after=10");
    const auto unchanged =
        world.get(base + "?limit=10&after=10", {{"If-None-Match", head.header("ETag")}});
    append_numbered(world, 1);
    const auto changed =
        world.get(base + "?limit=10&after=10", {{"If-None-Match", head.header("ETag")}});

    CHECK(full.header("Cache-Control").find("immutable") != std::string::npos);
    CHECK(head.header("Cache-Control") == "private, no-cache");
    CHECK(unchanged.status == 304);
    CHECK(unchanged.body.empty());
    CHECK(changed.status == 200);
    CHECK(changed.header("ETag") != head.header("ETag"));
}

TEST_CASE("backward pages go from the head to the first event", "[http][read]")
{
    HttpWorld world;
    append_numbered(world, 5);

    const auto newest = world.get("/v1/events?direction=backward&limit=3");
    const auto rest =
        world.get("/v1/events?direction=backward&limit=3&after=" + newest.at("/next"));

    CHECK(newest.at("/events/0/position") == "5");
    CHECK(newest.at("/events/2/position") == "3");
    CHECK(newest.header("Cache-Control") == "private, no-cache");
    CHECK(rest.at("/events/0/position") == "2");
    CHECK(rest.at("/events/1/position") == "1");
    CHECK(rest.at("/events/2/position").empty());
}

TEST_CASE("parameters that mean nothing are refused", "[http][read]")
{
    HttpWorld world;
    const std::string target = GENERATE(
        as<std::string>{}, "/v1/events?limt=3", "/v1/events?limit=0", "/v1/events?limit=1001",
        "/v1/events?limit=-1", "/v1/events?after=x", "/v1/events?wait=61",
        "/v1/events?direction=up", "/v1/events?from=monday", "/v1/events?stream=deal",
        "/v1/events?stream_type=Deal", "/v1/events?after=%zz", "/v1/feed?q=x", "/v1/feed?after=x",
        "/v1/feed?after=1", "/v1/events/x", "/v1/streams/deal/42/events?type=A");
    CAPTURE(target);

    const auto got = world.get(target);

    CHECK(got.status == 400);
    CHECK(got.content_type == "application/problem+json");
    CHECK(!got.at("/detail").empty());
}

TEST_CASE("an unknown stream is not found", "[http][read]")
{
    HttpWorld world;

    CHECK(world.get(deal).at("/code") == "not_found");
}

TEST_CASE("NDJSON runs to the head and ends with a trailer", "[http][read]")
{
    HttpWorld world;
    append_numbered(world, 5);
    const std::string base = GENERATE(as<std::string>{}, "/v1/events", deal);

    const auto all = world.get(base + "?after=1", {{"Accept", "application/x-ndjson"}});
    const auto some = world.get(base + "?limit=2", {{"Accept", "application/x-ndjson"}});

    CHECK(all.content_type == "application/x-ndjson");
    CHECK(std::count(all.body.begin(), all.body.end(), '\n') == 5);
    CHECK(all.body.find(R"({"trailer":{"count":"4","next":"5","sha256":")") != std::string::npos);
    CHECK(some.body.find(R"({"trailer":{"count":"2","next":"2")") != std::string::npos);
}

TEST_CASE("a long-poll ends when its event comes, and not for others", "[http][read][wait]")
{
    HttpWorld world;
    append_numbered(world, 1);
    const std::string target = GENERATE(as<std::string>{}, "/v1/events?wait=20&after=1",
                                        "/v1/streams/deal/42/events?wait=20&after=1",
                                        "/v1/events?wait=20&after=1&type=Late");
    const bool is_for_all = target.find("streams") == std::string::npos;
    const auto began = std::chrono::steady_clock::now();

    if (!is_for_all) {
        world.tasks.spawn("other", append_after(&world, 5ms, "/v1/streams/deal/43/events"));
    }
    world.tasks.spawn("append", append_after(&world, 25ms, deal));
    const auto got = world.get(target);

    CHECK(std::chrono::steady_clock::now() - began < 5s);
    CAPTURE(target, got.status, got.body);
    CHECK(got.at("/events/0/type") == "Late");
    CHECK(got.at("/events/0/stream") == "deal/42");
}

TEST_CASE("a long-poll without news answers empty in time", "[http][read][wait]")
{
    HttpWorld world;
    append_numbered(world, 1);

    const auto got = world.get("/v1/events?after=1&wait=1");

    CHECK(got.status == 200);
    CHECK(got.at("/next") == "1");
    CHECK(got.at("/is_caught_up") == "true");
}

TEST_CASE("filters are answered by the index", "[http][read][index]")
{
    HttpWorld world;
    REQUIRE(world
                .post("/v1/streams/package/vim/events",
                      R"([{"type":"package.installed","actor":"ann"},
                           {"type":"package.removed","meta":{"category":"ops"}}])")
                .status == 201);
    REQUIRE(world.post(deal, R"({"type":"DealOpened","data":{"note":"blue"}})").status == 201);

    struct Row {
        const char* query;
        std::uint64_t count;
    };
    const auto row =
        GENERATE(Row{"type=package.*", 2}, Row{"type=package.*&type=DealOpened", 3},
                 Row{"type=DealOpened", 1}, Row{"stream=package/vim", 2},
                 Row{"stream_type=deal", 1}, Row{"actor=ann", 1}, Row{"category=ops", 1},
                 Row{"source=local", 3}, Row{"q=blue", 1}, Row{"source=other", 0});
    CAPTURE(row.query);
    const auto got = world.get(std::string{"/v1/events?"} + row.query);

    CHECK(got.status == 200);
    CHECK(got.json().at("events").as_array().size() == row.count);
    CHECK(got.at("/next") == "3");
    CHECK(got.header("Sealstream-Position") == "3");
}

TEST_CASE("reads of the index wait for min-position, or say how far it is", "[http][read][index]")
{
    HttpWorld world;
    const auto created = world.post(deal, R"([{"type":"A"},{"type":"B"}])");
    const auto event = "/v1/events/" + created.at("/events/1/id");
    world.index.stands_at = Position{1};

    const auto behind = world.get(event + "?min-position=2");
    const auto missing = world.get(event);
    world.index.stands_at.reset();
    const auto there = world.get(event + "?min-position=2", {{"Prefer", "wait=5"}});

    CHECK(behind.status == 503);
    CHECK(behind.at("/code") == "projection_behind");
    CHECK(behind.at("/position") == "1");
    CHECK(behind.at("/lag_events") == "1");
    CHECK(behind.at("/lag_seconds") == "0");
    CHECK(behind.header("Retry-After") == "1");
    CHECK(behind.at("/retryable") == "true");
    CHECK(missing.status == 404);
    CHECK(missing.header("Sealstream-Position") == "1");
    CHECK(there.status == 200);
    CHECK(there.at("/type") == "B");
    CHECK(there.header("Cache-Control").find("immutable") != std::string::npos);
    CHECK(world.get(event, {{"If-None-Match", there.header("ETag")}}).status == 304);
}

TEST_CASE("without an index or when it is away, only filtered reads fail", "[http][read][index]")
{
    HttpWorld world;
    append_numbered(world, 1);
    const bool is_gone = GENERATE(true, false);
    if (is_gone) {
        world.services.index = nullptr;
    } else {
        world.index.failure = Error{Errc::unavailable, "secret host"};
    }

    const auto filtered = world.get("/v1/events?type=Step");

    CHECK(filtered.status == 503);
    CHECK(filtered.body.find("secret") == std::string::npos);
    CHECK(world.get("/v1/events").status == 200);
    CHECK(world.get(deal).status == 200);
}

TEST_CASE("a record that was tampered with is never shown", "[http][read]")
{
    HttpWorld world;
    append_numbered(world, 2);
    world.log.replace_record(Position{2}, to_bytes("{\"not\":\"a record\"}"));

    const auto got = world.get(GENERATE(as<std::string>{}, "/v1/events", deal));

    CHECK(got.status == 500);
    CHECK(got.at("/code") == "corrupt");
}
