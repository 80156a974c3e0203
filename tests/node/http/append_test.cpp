// POST /v1/streams/{type}/{id}/events, by the table in its contract.

#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using sealstream::testing::deal;
using sealstream::testing::Got;
using sealstream::testing::HttpWorld;
using sealstream::testing::opened;

TEST_CASE("an appended event is answered with its place, and read back canonical", "[http][append]")
{
    HttpWorld world;

    const Got created = world.post(deal, R"({"type":"DealOpened","data":{"b":1,"a":2},
        "meta":{"category":"deals"},"actor":"ann","time":"2026-01-02T03:04:05+01:00"})");
    const Got page = world.get(deal);

    CHECK(created.status == 201);
    CHECK(created.header("ETag") == "\"1\"");
    CHECK(created.header("Sealstream-Position") == "1");
    CHECK(created.header("Location") == "/v1/events/" + created.at("/events/0/id"));
    CHECK(created.header("Idempotency-Replayed").empty());
    CHECK(created.at("/events/0/position") == "1");
    CHECK(created.at("/events/0/version") == "1");
    CHECK(created.at("/durability/class") == "memory");
    CHECK(page.status == 200);
    CHECK(page.at("/events/0/id") == created.at("/events/0/id"));
    CHECK(page.at("/events/0/stream") == "deal/42");
    CHECK(page.at("/events/0/source") == "local");
    CHECK(page.at("/events/0/actor") == "ann");
    CHECK(page.at("/events/0/time") == "2026-01-02T02:04:05Z");
    CHECK(page.at("/events/0/meta/category") == "deals");
    CHECK(page.body.find(R"("data":{"a":2,"b":1})") != std::string::npos);
}

TEST_CASE("an array is one append with dense versions", "[http][append]")
{
    HttpWorld world;

    const Got created = world.post(deal, R"([{"type":"A"},{"type":"B"},{"type":"C"}])");

    CHECK(created.status == 201);
    CHECK(created.header("ETag") == "\"3\"");
    CHECK(created.at("/events/2/version") == "3");
    CHECK(created.header("Location") == "/v1/streams/deal/42/events?after=0&limit=3");
}

TEST_CASE("an id in the path may hold any text, percent-encoded", "[http][append]")
{
    HttpWorld world;

    const Got created = world.post("/v1/streams/agent/did%3Akey%3Az6%2Fx%20y/events", opened);
    const Got page = world.get("/v1/streams/agent/did%3Akey%3Az6%2Fx%20y/events");

    CHECK(created.status == 201);
    CHECK(page.at("/events/0/stream") == "agent/did:key:z6/x y");
}

TEST_CASE("conditions hold or are refused with what the client has missed", "[http][append]")
{
    struct Row {
        const char* field;
        const char* value;
        int status;
        const char* current;
        const char* missed; // version of the first conflicting event
    };
    const auto row =
        GENERATE(Row{"If-Match", "\"2\"", 201, "", ""}, Row{"If-Match", "*", 201, "", ""},
                 Row{"If-Match", "\"1\"", 412, "2", "2"}, Row{"If-Match", "\"9\"", 412, "2", ""},
                 Row{"If-None-Match", "*", 412, "2", "1"}, Row{"If-Match", "2", 400, "", ""},
                 Row{"If-Match", "W/\"2\"", 400, "", ""},
                 Row{"If-None-Match", "\"2\"", 400, "", ""}, Row{"If-Match", "", 400, "", ""},
                 Row{"If-None-Match", "", 400, "", ""}, Row{"Idempotency-Key", "", 400, "", ""});
    CAPTURE(row.field, row.value);
    HttpWorld world;
    REQUIRE(world.post(deal, R"([{"type":"A"},{"type":"B"}])").status == 201);

    const Got got = world.post(deal, opened, {{row.field, row.value}});

    CHECK(got.status == row.status);
    CHECK(got.at("/current_version") == row.current);
    CHECK(got.at("/conflicting_events/0/version") == row.missed);
    if (row.status == 412) {
        CHECK(got.content_type == "application/problem+json");
        CHECK(got.at("/type") == "urn:sealstream:problem:conflict");
        CHECK(got.at("/retryable") == "false");
        CHECK(got.header("ETag") == "\"2\"");
    }
}

TEST_CASE("a stream that must exist or must not is told apart when it is empty", "[http][append]")
{
    HttpWorld world;

    CHECK(world.post(deal, opened, {{"If-Match", "*"}}).status == 412);
    CHECK(world.post(deal, opened, {{"If-Match", "\"1\""}}).status == 412);
    CHECK(world.post(deal, opened, {{"If-Match", "\"0\""}}).status == 201);
    CHECK(world.post("/v1/streams/deal/43/events", opened, {{"If-None-Match", "*"}}).status == 201);
}

TEST_CASE("a key makes a repeat the same answer, and other content a refusal", "[http][append]")
{
    HttpWorld world;
    const Got first = world.post(deal, opened, {{"Idempotency-Key", "order-7"}});

    const Got again = world.post(deal, opened, {{"Idempotency-Key", "order-7"}});
    const Got other =
        world.post(deal, R"({"type":"DealClosed"})", {{"Idempotency-Key", "order-7"}});
    const Got neighbour = world.post(deal, opened, {{"Idempotency-Key", "order-8"}});

    CHECK(first.status == 201);
    CHECK(first.header("Idempotency-Replayed").empty());
    CHECK(again.status == 201);
    CHECK(again.header("Idempotency-Replayed") == "true");
    CHECK(again.body == first.body);
    CHECK(other.status == 422);
    CHECK(other.at("/code") == "key_reuse");
    CHECK(neighbour.status == 201);
    CHECK(neighbour.at("/events/0/version") == "2");
}

TEST_CASE("a key of an array is a key of each of its events", "[http][append]")
{
    HttpWorld world;
    const auto body = R"([{"type":"A"},{"type":"B"}])";
    const Got first = world.post(deal, body, {{"Idempotency-Key", "batch"}});

    const Got again = world.post(deal, body, {{"Idempotency-Key", "batch"}});

    CHECK(again.body == first.body);
    CHECK(again.header("Idempotency-Replayed") == "true");
    CHECK(world.get(deal).at("/events/1/key") == "batch#2/2");
}

TEST_CASE("what a log answers becomes a status and says whether to repeat", "[http][append]")
{
    struct Row {
        Errc code;
        int status;
        const char* retryable;
    };
    const auto row =
        GENERATE(Row{Errc::outcome_unknown, 503, "true"}, Row{Errc::overloaded, 503, "true"},
                 Row{Errc::unavailable, 503, "true"}, Row{Errc::capacity, 507, "true"},
                 Row{Errc::shutting_down, 503, "true"}, Row{Errc::too_large, 413, "false"});
    HttpWorld world;
    world.log.fail_next_append(row.code, testing::MemoryEventLog::Strike::before_effect);

    const Got got = world.post(deal, opened);

    CHECK(got.status == row.status);
    CHECK(got.at("/code") == name(row.code));
    CHECK(got.at("/retryable") == row.retryable);
    CHECK(got.header("Retry-After") == (row.status >= 500 ? "1" : ""));
    CHECK(got.at("/instance") == "urn:sealstream:request:" + got.header("X-Request-Id"));
}

TEST_CASE("an append with an unknown outcome is repeated safely under its key", "[http][append]")
{
    HttpWorld world;
    world.log.fail_next_append(Errc::outcome_unknown,
                               testing::MemoryEventLog::Strike::after_effect);

    const Got lost = world.post(deal, opened, {{"Idempotency-Key", "once"}});
    const Got again = world.post(deal, opened, {{"Idempotency-Key", "once"}});

    CHECK(lost.status == 503);
    CHECK(again.status == 201);
    CHECK(again.header("Idempotency-Replayed") == "true");
    CHECK(world.get(deal).at("/next") == "1");
}

TEST_CASE("bad input is refused with code and pointer, and nothing is appended", "[http][append]")
{
    struct Row {
        const char* body;
        int status;
        const char* code;
        const char* pointer;
    };
    const auto row =
        GENERATE(Row{R"({"type":"A","dat":1})", 400, "malformed", "/dat"},
                 Row{R"({"data":1})", 400, "malformed", "/type"},
                 Row{R"({"type":"a b"})", 400, "bad_name", "/type"},
                 Row{R"({"type":7})", 400, "malformed", "/type"},
                 Row{R"([{"type":"A"},{"type":"B","id":"x"}])", 400, "malformed", "/1/id"},
                 Row{R"([{"type":"A"},{"type":"B","meta":[]}])", 400, "malformed", "/1/meta"},
                 Row{R"({"type":"A","time":"yesterday"})", 400, "malformed", "/time"},
                 Row{R"({"type":"A","stream":"deal/42"})", 400, "malformed", "/stream"},
                 Row{R"({"type":"A","type":"B"})", 400, "duplicate_key", "/type"},
                 Row{R"({"type":"A","data":{"x":1e999}})", 400, "number_out_of_range", "/data/x"},
                 Row{R"({"type":"A")", 400, "malformed", ""}, Row{"", 400, "malformed", ""},
                 Row{"[]", 400, "malformed", ""}, Row{"7", 400, "malformed", ""});
    CAPTURE(row.body);
    HttpWorld world;

    const Got got = world.post(deal, row.body);

    CHECK(got.status == row.status);
    CHECK(got.at("/code") == row.code);
    CHECK(got.at("/errors/0/pointer") == row.pointer);
    CHECK(world.get("/v1/events").at("/next") == "0");
}

TEST_CASE("names, sizes, keys and media types have their limits", "[http][append]")
{
    http::Limits limits;
    limits.event_bytes_max = 64;
    limits.events_max = 2;
    HttpWorld world{limits};

    CHECK(world.post("/v1/streams/Deal/42/events", opened).status == 400);
    CHECK(world.post("/v1/streams/deal/%00/events", opened).at("/code") == "bad_name");
    CHECK(world.post("/v1/streams/deal/%zz/events", opened).at("/code") == "malformed");
    CHECK(world.post(deal, R"([{"type":"A"},{"type":"B"},{"type":"C"}])").status == 413);
    const std::string large = R"({"type":"A","data":")" + std::string(64, 'x') + "\"}";
    CHECK(world.post(deal, large).at("/errors/0/pointer") == "/data");
    CHECK(world.post(deal, opened, {{"Idempotency-Key", std::string(300, 'k')}}).status == 400);
    CHECK(world.send({http::Verb::post, deal, {{"Content-Type", "text/plain"}}, opened}).status ==
          415);
    CHECK(world.send({http::Verb::post, deal, {}, opened}).status == 415);
}

TEST_CASE("only loopback names its own source", "[http][append][security]")
{
    HttpWorld world;
    testing::Sent sent{http::Verb::post,
                       deal,
                       {{"Content-Type", "application/json"}, {"Sealstream-Source", "billing"}},
                       opened};

    CHECK(world.send(sent).status == 201);
    sent.is_local = false;
    CHECK(world.send(sent).status == 401);
    CHECK(world.get(deal).at("/events/0/source") == "billing");
    CHECK(world.get(deal).at("/next") == "1");
}

TEST_CASE("no append passes over a condition that it does not look at", "[http][append]")
{
    HttpWorld world;
    REQUIRE(world.post("/v1/streams/deal/42/events", R"({"type":"A"})").status == 201);
    const auto [name, value] =
        GENERATE(table<std::string, std::string>({{"If-Match", "\"1\""},
                                                  {"If-None-Match", "*"},
                                                  {"Kurrent-ExpectedVersion", "-1"},
                                                  {"If-Match", ""},
                                                  {"If-None-Match", ""},
                                                  {"Kurrent-ExpectedVersion", ""}}));
    CAPTURE(name, value);

    const auto mixed =
        world.post("/v1/events", R"({"type":"A","stream":"deal/42"})", {{name, value}});
    const auto atomic = world.post("/v1/events?atomic=true", R"([{"type":"A","stream":"deal/42"}])",
                                   {{name, value}});
    const auto transaction = world.post(
        "/v1/transactions", R"({"appends":[{"stream":"deal/42","events":[{"type":"A"}]}]})",
        {{name, value}});

    CHECK(mixed.status == 400);
    CHECK(atomic.status == 400);
    CHECK(transaction.status == 400);
    if (value.empty()) {
        const auto own =
            world.post("/v1/streams/deal/42/events", R"({"type":"A"})", {{name, value}});
        CHECK(own.status == 400);
    }
    CHECK(world.get("/v1/events").json().at("events").as_array().size() == 1);
}
