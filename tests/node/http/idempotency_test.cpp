// Repeats of old appends, on a log that has forgotten them (docs/idempotency.md).

#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

using namespace sealstream;
using sealstream::testing::deal;
using sealstream::testing::Got;
using sealstream::testing::HttpWorld;
using sealstream::testing::opened;
using sealstream::testing::Sent;
using namespace std::chrono_literals;

namespace {

const std::pair<std::string, std::string> key{"Idempotency-Key", "order-7"};

// The log knows ids for ten minutes.
struct ForgetfulWorld : HttpWorld {
    explicit ForgetfulWorld(http::Limits limits = {})
        : HttpWorld{limits, FeedHubOptions{}, testing::MemoryLogOptions{{}, {}, 600s}}
    {
    }
    void let_pass(std::chrono::seconds time) { clock.shift += time; }
    [[nodiscard]] std::string head()
    {
        return get("/v1/events?direction=backward&limit=1").at("/events/0/position");
    }
};

} // namespace

TEST_CASE("a repeat gets the original answer, long after the log has forgotten it",
          "[http][idempotency]")
{
    ForgetfulWorld world;
    const auto body = GENERATE(as<std::string>{}, opened, R"([{"type":"A"},{"type":"B"}])");
    const Got first = world.post(deal, body, {key});
    REQUIRE(first.status == 201);
    world.let_pass(3'600s * 24 * 365);
    REQUIRE(world.post(deal, opened).status == 201); // so that the repeat is not at the head

    const Got again = world.post(deal, body, {key});

    CHECK(again.status == 201);
    CHECK(again.body == first.body);
    CHECK(again.header("Location") == first.header("Location"));
    CHECK(again.header("ETag") == first.header("ETag"));
    CHECK(again.header("Sealstream-Position") == first.header("Sealstream-Position"));
    CHECK(again.header("Idempotency-Replayed") == "true");
    CHECK(first.header("Idempotency-Replayed").empty());
}

TEST_CASE("an id of the client's own is as good as a key", "[http][idempotency]")
{
    ForgetfulWorld world;
    const auto body = R"({"type":"A","id":"0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c11"})";
    const Got first = world.post(deal, body);
    world.let_pass(3'600s);

    const Got again = world.post(deal, body);
    const Got other =
        world.post(deal, R"({"type":"B","id":"0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c11"})");
    const Got both =
        world.post(deal, R"({"type":"A","key":"k","id":"0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c12"})");

    CHECK(again.body == first.body);
    CHECK(other.status == 422);
    CHECK(both.at("/errors/0/pointer") == "/key");
}

TEST_CASE("a used key refuses other content, another stream and another number of events",
          "[http][idempotency]")
{
    struct Row {
        const char* first;
        const char* stream;
        const char* second;
    };
    constexpr auto a = R"([{"type":"A"}])";
    constexpr auto ab = R"([{"type":"A"},{"type":"B"}])";
    constexpr auto abc = R"([{"type":"A"},{"type":"B"},{"type":"C"}])";
    constexpr auto ac = R"([{"type":"A"},{"type":"C"}])";
    const auto row = GENERATE_COPY(Row{a, deal, R"([{"type":"A","data":1}])"}, Row{a, deal, ab},
                                   Row{ab, deal, a}, Row{ab, deal, abc}, Row{abc, deal, ab},
                                   Row{ab, deal, ac}, Row{a, "/v1/streams/deal/43/events", a},
                                   Row{a, deal, R"([{"type":"A","actor":"ann"}])"});
    const bool is_old = GENERATE(true, false);
    CAPTURE(row.first, row.stream, row.second, is_old);
    ForgetfulWorld world;
    REQUIRE(world.post(deal, row.first, {key}).status == 201);
    const auto head = world.head();
    if (is_old) {
        world.let_pass(3'600s);
    } else {
        world.index.stands_at = Position{}; // only the log knows
    }

    const Got got = world.post(row.stream, row.second, {key});
    world.index.stands_at.reset();

    CHECK(got.status == 422);
    CHECK(got.at("/code") == "key_reuse");
    CHECK(world.head() == head);
}

TEST_CASE("the key of another source is another key", "[http][idempotency]")
{
    ForgetfulWorld world;
    const Got mine = world.post(deal, opened, {key, {"Sealstream-Source", "mine"}});
    const Got yours = world.post(deal, opened, {key, {"Sealstream-Source", "yours"}});

    CHECK(mine.at("/events/0/position") == "1");
    CHECK(yours.at("/events/0/position") == "2");
}

TEST_CASE("an index that lags further than the log remembers refuses keys, with the lag",
          "[http][idempotency]")
{
    ForgetfulWorld world;
    http::IdLookupOptions options;
    options.tail_events_max = 2; // less than what lies above the index
    http::IdLookup lookup{
        world.log, &world.known_ids, world.clock, world.tasks, world.context.get_executor(),
        options};
    world.services.id_lookup = &lookup;
    REQUIRE(world.post(deal, opened, {key}).status == 201);
    REQUIRE(world.post(deal, R"([{"type":"A"},{"type":"B"}])").status == 201);
    world.index.stands_at = Position{};
    const auto late = std::chrono::seconds{GENERATE(440, 460, 3'600)};
    world.let_pass(late);

    const Got keyed = world.post(deal, opened, {key});
    const Got plain = world.post(deal, opened);
    world.index.stands_at.reset();
    const Got healed = world.post(deal, opened, {key});

    CHECK(plain.status == 201); // never waits for the index
    CHECK(healed.at("/events/0/position") == "1");
    CHECK(healed.header("Idempotency-Replayed") == "true");
    if (late < 450s) {
        CHECK(keyed.body == healed.body); // the log still knew
        return;
    }
    CHECK(keyed.status == 503);
    CHECK(keyed.at("/code") == "projection_behind");
    CHECK(keyed.at("/position") == "0");
    CHECK(keyed.at("/lag_events") == "3");
    CHECK(keyed.at("/lag_seconds") == std::to_string(late.count()));
    CHECK(keyed.header("Retry-After") == "1");
}

TEST_CASE("a short stretch above a lagging index is read from the log itself",
          "[http][idempotency]")
{
    ForgetfulWorld world;
    const Got first = world.post(deal, opened, {key});
    REQUIRE(world.post(deal, R"([{"type":"A"},{"type":"B"}])").status == 201);
    world.index.stands_at = Position{};
    world.let_pass(3'600s);

    const Got again = world.post(deal, opened, {key});
    const Got fresh = world.post(deal, opened, {{"Idempotency-Key", "order-8"}});
    const Got fresh_again = world.post(deal, opened, {{"Idempotency-Key", "order-8"}});

    CHECK(again.body == first.body);
    CHECK(fresh.at("/events/0/position") == "4");
    CHECK(fresh_again.body == fresh.body);
}

TEST_CASE("while the database is away, keys wait and others do not", "[http][idempotency]")
{
    ForgetfulWorld world;
    http::IdLookupOptions options;
    options.tail_events_max = 0;
    http::IdLookup lookup{
        world.log, &world.known_ids, world.clock, world.tasks, world.context.get_executor(),
        options};
    world.services.id_lookup = &lookup;
    REQUIRE(world.post(deal, opened, {key}).status == 201);
    world.let_pass(3'600s);
    world.index.failure = Error{Errc::unavailable, "secret host"};

    const Got keyed = world.post(deal, opened, {key});
    const Got plain = world.post(deal, opened);

    CHECK(keyed.status == 503);
    CHECK(keyed.at("/code") == "unavailable");
    CHECK(keyed.at("/retryable") == "true");
    CHECK(keyed.body.find("secret") == std::string::npos);
    CHECK(plain.status == 201);
}

TEST_CASE("an idle log needs no new look at it, and plain appends no look-up",
          "[http][idempotency]")
{
    ForgetfulWorld world;
    REQUIRE(world.post(deal, opened, {key}).status == 201);
    world.let_pass(3'600s);
    const auto asked = world.known_ids.asked;

    CHECK(world.post(deal, opened).status == 201);
    CHECK(world.known_ids.asked == asked);
    CHECK(world.post(deal, opened, {{"Idempotency-Key", "order-8"}}).status == 201);
    CHECK(world.known_ids.asked == asked + 1);
}

TEST_CASE("of two requests with one key at the same time, one waits its turn",
          "[http][idempotency]")
{
    ForgetfulWorld world;
    const Sent sent{http::Verb::post, deal, {{"Content-Type", "application/json"}, key}, opened};

    std::vector<Task<Got>> requests;
    requests.push_back(world.answer(sent));
    requests.push_back(world.answer(sent));
    const auto got = testing::run_tasks(world.context, std::move(requests));
    const Got after = world.post(deal, opened, {key});

    CHECK(got[0].status == 201);
    CHECK(got[1].status == 409);
    CHECK(got[1].at("/code") == "in_progress");
    CHECK(got[1].at("/retryable") == "true");
    CHECK(got[1].header("Retry-After") == "1");
    CHECK(after.body == got[0].body);
    CHECK(world.in_flight.size() == 0);
}

TEST_CASE("a repeat of a conditional append needs its condition no more", "[http][idempotency]")
{
    ForgetfulWorld world;
    const Got first = world.post(deal, opened, {key, {"If-None-Match", "*"}});
    REQUIRE(world.post(deal, opened).status == 201);
    world.let_pass(3'600s);

    const Got again = world.post(deal, opened, {key, {"If-None-Match", "*"}});

    CHECK(first.status == 201);
    CHECK(again.body == first.body);
}
