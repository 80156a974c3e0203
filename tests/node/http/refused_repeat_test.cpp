// What the rules refuse by now, and is in the log already: its repeat gets the first answer again,
// on every way to append, and is no rejection (docs/idempotency.md).

#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_rejection_log.hpp"
#include "tests/support/run_task.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

constexpr auto json = "application/json";
constexpr auto lines = "application/x-ndjson";
const std::string id = "0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c11";

// How long the log knows ids, and what has happened since the first append.
enum class Memory { of_log, of_index, of_tail, of_database };

struct RefusingWorld : HttpWorld {
    explicit RefusingWorld(Memory memory_)
        : HttpWorld{{}, {}, MemoryLogOptions{{}, {}, window_of(memory_)}},
          memory{memory_}
    {
        services.rejections = &rejections;
    }
    static std::optional<std::chrono::nanoseconds> window_of(Memory memory)
    {
        return memory == Memory::of_database ? std::nullopt
                                             : std::optional<std::chrono::nanoseconds>{600s};
    }
    void let_time_pass()
    {
        if (memory == Memory::of_log || memory == Memory::of_tail) {
            index.stands_at = Position{};
        }
        if (memory != Memory::of_log) {
            clock.shift += 3'600s * 24 * 365;
        }
    }
    Got put(std::string target, std::string body)
    {
        return send(
            {http::Verb::put, std::move(target), {{"Content-Type", json}}, std::move(body)});
    }
    void forbid() { REQUIRE(put("/v1/policies/A", R"({"sources":["nobody"]})").status == 201); }
    Position log_head() { return run_task(context, head_of(log)); }
    static Task<Position> head_of(EventLog& log)
    {
        const auto head = co_await log.head();
        co_return head ? *head : Position{};
    }

    const Memory memory;
    MemoryRejectionLog rejections;
};

struct Way {
    std::string target;
    std::string content_type;
    std::string body; // one event of type A, of one key or id
    std::string key{};
    std::string place;       // of the position in the answer
    int status{201};         // of what is taken
    std::string status_of{}; // … for each event; empty: the answer's own
};

std::vector<Way> ways()
{
    const std::string keyed = R"({"type":"A","data":1,"key":"k"})";
    const std::string named = R"({"stream":"deal/42","type":"A","data":1,"id":")" + id + R"("})";
    const std::string cloud =
        R"({"specversion":"1.0","id":"e1","source":"/s","type":"A","data":1})";
    const std::string transaction =
        R"({"appends":[{"stream":"deal/42","events":[{"type":"A","data":1}]}]})";
    return {
        {deal, json, keyed, {}, "/events/0/position"},
        {deal, json, "[" + keyed + "]", {}, "/events/0/position"},
        {deal, json, R"([{"type":"A","data":1},{"type":"A","data":2}])", "k", "/events/1/position"},
        {deal, "application/cloudevents+json", cloud, {}, "/events/0/position"},
        {"/v1/events?atomic=true", json, "[" + named + "]", {}, "/events/0/position"},
        {"/v1/events",
         json,
         "[" + named + "]",
         {},
         "/results/0/position",
         201,
         "/results/0/status"},
        {deal, lines, keyed + "\n", {}, "/position", 200, "/status"},
        {"/v1/events", lines, named + "\n", {}, "/position", 200, "/status"},
        {"/v1/transactions", json, transaction, "k", "/appends/0/events/0/position"},
    };
}

Got post(HttpWorld& world, const Way& way, std::string body)
{
    std::vector<std::pair<std::string, std::string>> fields{{"Content-Type", way.content_type}};
    if (!way.key.empty()) {
        fields.emplace_back("Idempotency-Key", way.key);
    }
    Got got = world.send({http::Verb::post, way.target, std::move(fields), std::move(body)});
    if (way.content_type == lines) {
        got.body.resize(got.body.find('\n')); // the first result
    }
    return got;
}

std::string status_in(const Got& got, const Way& way)
{
    return way.status_of.empty() ? std::to_string(got.status) : got.at(way.status_of);
}

std::string with_other_content(std::string body)
{
    const auto at = body.find("\"data\":1");
    return body.replace(at, 8, "\"data\":9");
}

} // namespace

TEST_CASE("a repeat is answered as it was, though a policy forbids its type by now",
          "[http][idempotency][policy]")
{
    const auto way = GENERATE(from_range(ways()));
    const auto memory =
        GENERATE(Memory::of_log, Memory::of_index, Memory::of_tail, Memory::of_database);
    CAPTURE(way.target, way.content_type, way.body, static_cast<int>(memory));
    RefusingWorld world{memory};
    const Got first = post(world, way, way.body);
    REQUIRE(first.status == way.status);
    world.forbid();
    world.let_time_pass();
    const Position head = world.log_head();

    const Got again = post(world, way, way.body);

    CHECK(status_in(again, way) == "201");
    CHECK(again.at(way.place) == first.at(way.place));
    if (way.status_of.empty()) {
        CHECK(again.body == first.body);
        CHECK(again.header("Idempotency-Replayed") == "true");
    } else {
        CHECK(again.body.find("\"replayed\":true") != std::string::npos);
    }
    CHECK(world.log_head() == head);
    CHECK(world.rejections.events.empty());
}

TEST_CASE(
    "whatever rule has come since, a repeat is answered as it was and other content is refused",
    "[http][idempotency][policy][schema]")
{
    struct Rule {
        const char* name;
        void (*apply)(RefusingWorld&);
        const char* status; // of what it refuses
        std::size_t rejections;
    };
    const auto rule = GENERATE(
        Rule{"policy", [](RefusingWorld& world) { world.forbid(); }, "403", 1},
        Rule{"schema",
             [](RefusingWorld& world) {
                 REQUIRE(world.put("/v1/schemas/A", R"({"schema":{"type":"object"}})").status ==
                         201);
             },
             "422", 1},
        // It is the request that is wrong: nothing was kept out of the log.
        Rule{"condition",
             [](RefusingWorld& world) {
                 world.services.required_conditions.stream_types = {"deal"};
             },
             "428", 0});
    const auto way = GENERATE(from_range(ways()));
    CAPTURE(rule.name, way.target, way.content_type, way.body);
    RefusingWorld world{Memory::of_index};
    const Got first = post(world, way, way.body);
    REQUIRE(first.status == way.status);
    rule.apply(world);
    world.let_time_pass();
    const Position head = world.log_head();

    const Got again = post(world, way, way.body);
    const Got other = post(world, way, with_other_content(way.body));

    CHECK(status_in(again, way) == "201");
    CHECK(again.at(way.place) == first.at(way.place));
    CHECK(status_in(other, way) == rule.status);
    CHECK(world.rejections.events.size() == rule.rejections);
    CHECK(world.log_head() == head);
}

TEST_CASE("of a bulk, what is there is answered and the rest is refused", "[http][idempotency]")
{
    RefusingWorld world{Memory::of_index};
    const std::string old = R"({"type":"A","key":"k1"})"
                            "\n";
    REQUIRE(world.post_lines(deal, old).status == 200);
    world.forbid();
    world.let_time_pass();

    const Got got = world.post_lines(deal, R"({"type":"A","key":"k2"})"
                                           "\n" +
                                               old + R"({"type":"B","key":"k3"})" + "\n");

    CHECK(got.body.find(R"({"line":"1","status":403)") != std::string::npos);
    CHECK(got.body.find(R"({"line":"2","status":201)") != std::string::npos);
    CHECK(got.body.find(R"("appended":"1","repeated":"1","failed":"1")") != std::string::npos);
    REQUIRE(world.rejections.events.size() == 1);
    CHECK(world.rejections.events.front().key == "k2");
}

TEST_CASE("when it can not be told whether it is a repeat, nothing is refused for good",
          "[http][idempotency]")
{
    RefusingWorld world{Memory::of_tail};
    http::IdLookupOptions options;
    options.tail_events_max = 1; // less than what lies above the index
    http::IdLookup lookup{
        world.log, &world.known_ids, world.clock, world.tasks, world.context.get_executor(),
        options};
    world.services.id_lookup = &lookup;
    const std::string body = R"({"type":"A","id":")" + id + R"("})";
    REQUIRE(world.post(deal, body).status == 201);
    world.forbid();
    world.let_time_pass();

    const Got unknown = world.post(deal, body);
    const Got fresh = world.post(deal, R"({"type":"A"})");
    world.index.stands_at.reset();
    const Got again = world.post(deal, body);

    CHECK(unknown.status == 503);
    CHECK(unknown.at("/code") == "projection_behind");
    CHECK(unknown.at("/lag_events") == "2");
    CHECK(fresh.status == 403); // never a repeat
    CHECK(again.status == 201);
    CHECK(world.rejections.events.size() == 1);
}

TEST_CASE("what is being appended just now is not refused meanwhile", "[http][idempotency]")
{
    RefusingWorld world{Memory::of_index};
    world.forbid();
    const auto parsed = EventId::parse(id);
    REQUIRE(parsed);
    std::optional<http::InFlightIds::Hold> hold;
    auto held = world.in_flight.hold({*parsed});
    REQUIRE(held);
    hold.emplace(*std::move(held));
    const std::string body = R"({"type":"A","id":")" + id + R"("})";

    const Got meanwhile = world.post(deal, body);
    hold.reset();
    const Got after = world.post(deal, body);

    CHECK(meanwhile.status == 409);
    CHECK(meanwhile.at("/code") == "in_progress");
    CHECK(after.status == 403);
}

TEST_CASE("what can not be a repeat is refused without a look-up", "[http][idempotency]")
{
    RefusingWorld world{Memory::of_index};
    world.forbid();

    CHECK(world.post(deal, R"({"type":"A"})").status == 403);

    CHECK(world.known_ids.asked == 0);
}
