// POST /v1/transactions, by the table in its contract; and what it shares with the other ways to
// append: required conditions, wishes about durability, aliases.

#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using sealstream::testing::Got;
using sealstream::testing::HttpWorld;

namespace {

constexpr auto path = "/v1/transactions";
constexpr auto account = "/v1/streams/account/7/events";

std::string events(std::size_t count)
{
    std::string list;
    for (std::size_t at = 0; at < count; ++at) {
        list.append(at == 0 ? "[" : ",").append(R"({"type":"Moved"})");
    }
    return list + "]";
}

std::string append_of(const std::string& stream, std::size_t count = 1)
{
    return R"({"stream":")" + stream + R"(","events":)" + events(count) + "}";
}

} // namespace

TEST_CASE("a transaction appends to its streams together", "[http][transaction]")
{
    HttpWorld world;
    CHECK(world.post(account, events(2)).status == 201);

    const Got got = world.post(path, R"({"appends":[
        {"stream":"deal/1","expected":"absent","events":[{"type":"A"},{"type":"B"}]},
        {"stream":"account/7","expected":"2","events":[{"type":"C"}]}],
        "conditions":[{"stream":"agent/x","expected":"absent"}]})");

    CHECK(got.status == 201);
    CHECK(got.at("/appends/0/stream") == "deal/1");
    CHECK(got.at("/appends/0/version") == "2");
    CHECK(got.at("/appends/0/events/0/position") == "3");
    CHECK(got.at("/appends/1/stream") == "account/7");
    CHECK(got.at("/appends/1/events/0/version") == "3");
    CHECK(got.at("/durability/class") == "memory");
    CHECK(got.header("Sealstream-Position") == "5");
    CHECK(got.header("ETag").empty());
    CHECK(world.get("/v1/streams/deal/1/events").at("/events/1/type") == "B");
}

TEST_CASE("a transaction that is repeated answers as before", "[http][transaction]")
{
    HttpWorld world;
    const std::string body = R"({"appends":[)" + append_of("deal/1", 2) + "," +
                             append_of("deal/2") +
                             R"(],"conditions":[{"stream":"deal/3","expected":"absent"}]})";

    const Got first = world.post(path, body, {{"Idempotency-Key", "k1"}});
    CHECK(world.post("/v1/streams/deal/3/events", events(1)).status == 201);
    const Got second = world.post(path, body, {{"Idempotency-Key", "k1"}});

    CHECK(first.status == 201);
    CHECK(first.header("Idempotency-Replayed").empty());
    CHECK(second.status == 201);
    CHECK(second.header("Idempotency-Replayed") == "true");
    CHECK(second.body == first.body);
}

TEST_CASE("a failed condition names each stream with what was missed", "[http][transaction]")
{
    HttpWorld world;
    CHECK(world.post(account, events(3)).status == 201);
    CHECK(world.post("/v1/streams/deal/2/events", events(1)).status == 201);

    const Got got = world.post(path, R"({"appends":[
        {"stream":"deal/1","expected":"4","events":[{"type":"A"}]},
        {"stream":"deal/2","expected":"1","events":[{"type":"A"}]}],
        "conditions":[{"stream":"account/7","expected":"1"},
                      {"stream":"agent/x","expected":"present"}]})");

    CHECK(got.status == 412);
    CHECK(got.at("/code") == "conflict");
    CHECK(got.at("/conflicts/0/stream") == "deal/1");
    CHECK(got.at("/conflicts/0/expected") == "4");
    CHECK(got.at("/conflicts/0/current_version") == "0");
    CHECK(got.at("/conflicts/1/stream") == "account/7");
    CHECK(got.at("/conflicts/1/current_version") == "3");
    CHECK(got.at("/conflicts/1/conflicting_events/0/version") == "2");
    CHECK(got.at("/conflicts/1/conflicting_events/1/version") == "3");
    CHECK(got.at("/conflicts/2/stream") == "agent/x");
    CHECK(got.at("/conflicts/2/expected") == "present");
    CHECK(got.at("/conflicts/3/stream").empty());
    CHECK(world.get("/v1/streams/deal/2/events").at("/events/1/type").empty());
}

TEST_CASE("a transaction that could never be right is refused with its place",
          "[http][transaction]")
{
    struct Row {
        std::string body;
        int status;
        const char* pointer;
    };
    const std::string good = append_of("deal/1");
    const auto row = GENERATE_COPY(
        Row{"[]", 400, "/appends"}, Row{"{}", 400, "/appends"},
        Row{R"({"appends":[]})", 400, "/appends"}, Row{R"({"appends":[7]})", 400, "/appends/0"},
        Row{R"({"appends":[{"events":[{"type":"A"}]}]})", 400, "/appends/0/stream"},
        Row{R"({"appends":[{"stream":"deal","events":[{"type":"A"}]}]})", 400, "/appends/0/stream"},
        Row{R"({"appends":[{"stream":"deal/1"}]})", 400, "/appends/0/events"},
        Row{R"({"appends":[{"stream":"deal/1","events":[]}]})", 400, "/appends/0/events"},
        Row{R"({"appends":[{"stream":"deal/1","events":[{"typ":"A"}]}]})", 400,
            "/appends/0/events/0/typ"},
        Row{R"({"appends":[{"stream":"deal/1","expected":3,"events":[{"type":"A"}]}]})", 400,
            "/appends/0/expected"},
        Row{R"({"appends":[{"stream":"deal/1","expected":"-1","events":[{"type":"A"}]}]})", 400,
            "/appends/0/expected"},
        Row{R"({"appends":[)" + good + "," + good + "]}", 400, "/appends/1/stream"},
        Row{R"({"appends":[)" + good + R"(],"conditions":[{"stream":"deal/1","expected":"1"}]})",
            400, "/conditions/0/stream"},
        Row{R"({"appends":[)" + good + R"(],"conditions":[{"stream":"deal/2"}]})", 400,
            "/conditions/0/expected"},
        Row{R"({"appends":[)" + good + R"(],"conditions":[{"stream":"deal/2","expected":"any"}]})",
            400, "/conditions/0/expected"},
        Row{R"({"appends":[)" + good + R"(],"condition":[]})", 400, "/condition"});
    CAPTURE(row.body);
    HttpWorld world;

    const Got got = world.post(path, row.body);

    CHECK(got.status == row.status);
    CHECK(got.at("/errors/0/pointer") == row.pointer);
    CHECK(world.get("/v1/events").at("/events/0/id").empty());
}

TEST_CASE("a transaction beyond the limit is told the numbers", "[http][transaction]")
{
    http::Limits limits;
    limits.transaction_events_max = 3;
    HttpWorld world{limits};

    const Got fits = world.post(path, R"({"appends":[)" + append_of("deal/1", 3) + "]}");
    const Got wide = world.post(path, R"({"appends":[)" + append_of("deal/1", 2) + "," +
                                          append_of("deal/2", 2) + "]}");
    const Got checks = world.post(path, R"({"appends":[)" + append_of("deal/3") +
                                            R"(],"conditions":[{"stream":"a/1","expected":"1"},
        {"stream":"a/2","expected":"1"},{"stream":"a/3","expected":"1"}]})");

    CHECK(fits.status == 201);
    CHECK(wide.status == 413);
    CHECK(wide.at("/detail").find("at most 3 events; this one has 4") != std::string::npos);
    CHECK(checks.status == 413);
    CHECK(checks.at("/detail").find("at most 3 streams; this one has 4") != std::string::npos);
    CHECK(world.get("/v1/limits").at("/transaction_events_max") == "3");
    CHECK(world.get("/v1/limits").at("/transaction_streams_max") == "3");
}

TEST_CASE("a transaction may not write the streams of the ledger itself", "[http][transaction]")
{
    HttpWorld world;

    const Got got = world.post(path, R"({"appends":[)" + append_of("deal/1", 2) + "," +
                                         append_of("sealstream-check/x") + "]}");

    CHECK(got.status == 403);
    CHECK(got.at("/errors/0/pointer") == "/appends/1/events/0/stream");
    CHECK(world.get("/v1/events").at("/events/0/id").empty());
}

TEST_CASE("a stream type may demand a condition, whichever way an append comes", "[http][append]")
{
    HttpWorld world;
    world.services.required_conditions.stream_types = {"account"};
    const std::string one = R"({"type":"Moved"})";
    const std::string named = R"({"stream":"account/7","type":"Moved"})";
    const std::string other = R"({"stream":"deal/1","type":"Moved"})";

    CHECK(world.post(account, one).status == 428);
    CHECK(world.post(account, one).at("/code") == "precondition_required");
    CHECK(world.post_lines(account, one + "\n").body.find("\"status\":428") != std::string::npos);
    CHECK(world.post(path, R"({"appends":[)" + append_of("account/7") + "]}").status == 428);
    CHECK(world.post("/v1/events?atomic=true", "[" + named + "," + other + "]").status == 428);
    const Got mixed = world.post("/v1/events", "[" + named + "," + other + "]");
    CHECK(mixed.status == 207);
    CHECK(mixed.at("/results/0/status") == "428");
    CHECK(mixed.at("/results/1/status") == "201");
    const Got lines = world.post_lines("/v1/events", named + "\n" + other + "\n");
    CHECK(lines.body.find("precondition_required") != std::string::npos);

    CHECK(world.post(account, one, {{"If-None-Match", "*"}}).status == 201);
    CHECK(world.post(account, one, {{"If-Match", "*"}}).status == 201);
    CHECK(world
              .post(path, R"({"appends":[{"stream":"account/7","expected":"2","events":)" +
                              events(1) + "}]}")
              .status == 201);
}

TEST_CASE("a wish about durability is confirmed, or a must refused", "[http][append]")
{
    struct Row {
        const char* prefer;
        int status;
        const char* applied;
    };
    // The log in memory is neither synced nor replicated.
    const auto row = GENERATE(
        Row{"durability=stored", 201, "durability=stored"}, Row{"durability=synced", 201, ""},
        Row{"durability=replicated", 201, ""}, Row{"durability=nonsense", 201, ""},
        Row{"wait=3, Durability=\"stored\"; x=y", 201, "durability=stored"},
        Row{"durability=stored, handling=strict", 201, "durability=stored"},
        Row{"durability=synced, handling=strict", 412, ""},
        Row{"handling=strict, durability=replicated", 412, ""},
        Row{"durability=replicated-synced, handling=strict", 412, ""},
        Row{"durability=nonsense, handling=strict", 400, ""},
        Row{"durability=synced, handling=lenient", 201, ""});
    CAPTURE(row.prefer);
    HttpWorld world;
    const std::string transaction = R"({"appends":[)" + append_of("deal/1") + "]}";

    for (const auto& [target, body] :
         {std::pair{std::string{account}, std::string{R"({"type":"A"})"}},
          std::pair{std::string{path}, transaction},
          std::pair{std::string{"/v1/events"}, std::string{R"([{"stream":"a/1","type":"A"}])"}}}) {
        CAPTURE(target);
        const Got got = world.post(target, body, {{"Prefer", row.prefer}});
        CHECK(got.status == row.status);
        CHECK(got.header("Preference-Applied") == row.applied);
        if (row.status == 412) {
            CHECK(got.at("/code") == "durability_unmet");
            CHECK(got.at("/durability/class") == "memory");
        }
    }
}

TEST_CASE("the expected version of KurrentDB counts from 0", "[http][append]")
{
    HttpWorld world;
    const auto post = [&world](const char* version) {
        return world.post(account, R"({"type":"A"})", {{"Kurrent-ExpectedVersion", version}})
            .status;
    };

    CHECK(post("-4") == 412);
    CHECK(post("0") == 412);
    CHECK(post("-1") == 201);
    CHECK(post("-1") == 412);
    CHECK(post("0") == 201);
    CHECK(post("0") == 412);
    CHECK(post("-2") == 201);
    CHECK(post("-4") == 201);
    CHECK(post("-3") == 400);
    CHECK(post("x") == 400);
    CHECK(world.post(account, "{}", {{"Kurrent-ExpectedVersion", "0"}, {"If-Match", "*"}}).status ==
          400);
}
