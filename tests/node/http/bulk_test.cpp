// Bulk appends: NDJSON of one stream, mixed bulk, results event by event.

#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

std::vector<std::string> lines_of(const std::string& text)
{
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

} // namespace

TEST_CASE("each NDJSON line gets its own result, and a bad line harms no other", "[http][bulk]")
{
    HttpWorld world;

    const auto got = world.post_lines(deal, "{\"type\":\"A\"}\r\n\n{\"typ\":1}\n{\"type\":\"B\"}");
    const auto lines = lines_of(got.body);

    CHECK(got.status == 200);
    REQUIRE(lines.size() == 4);
    CHECK(lines[0].find(R"({"line":"1","status":201,"id":)") == 0);
    CHECK(lines[0].find(R"("version":"1"})") != std::string::npos);
    CHECK(
        lines[1].find(
            R"({"line":"3","status":400,"code":"malformed","retryable":false,"pointer":"/typ")") ==
        0);
    CHECK(lines[1].find("unknown member; an event has type, ") != std::string::npos);
    CHECK(lines[2].find(R"({"line":"4","status":201)") == 0);
    CHECK(
        lines[3] ==
        R"({"summary":{"lines":"3","appended":"2","repeated":"0","failed":"1","is_complete":true}})");
}

TEST_CASE("a bulk that is sent again repeats what was there and appends the rest", "[http][bulk]")
{
    HttpWorld world;
    const std::string first = "{\"type\":\"A\",\"key\":\"1\"}\n{\"type\":\"B\",\"key\":\"2\"}\n";
    REQUIRE(world.post_lines(deal, first).status == 200);

    const auto again = world.post_lines(
        deal, first + "{\"type\":\"C\",\"key\":\"3\"}\n{\"type\":\"X\",\"key\":\"1\"}\n");

    CHECK(again.body.find(
              R"("lines":"4","appended":"1","repeated":"2","failed":"1","is_complete":true)") !=
          std::string::npos);
    CHECK(again.body.find(R"({"line":"4","status":422,"code":"key_reuse")") != std::string::npos);
    CHECK(world.get(deal).at("/next") == "3");
}

TEST_CASE("results=errors shows only what went wrong", "[http][bulk]")
{
    HttpWorld world;

    const auto got =
        world.post_lines(std::string{deal} + "?results=errors", "{\"type\":\"A\"}\n{}\n");

    CHECK(lines_of(got.body).size() == 2);
    CHECK(got.body.find("\"line\":\"2\"") != std::string::npos);
}

TEST_CASE("a bulk stops when the log is away, and says that it is not complete", "[http][bulk]")
{
    HttpWorld world;
    world.log.fail_next_append(Errc::unavailable, MemoryEventLog::Strike::before_effect);
    std::string body;
    for (int number = 0; number < 5000; ++number) {
        body.append("{\"type\":\"A\"}\n");
    }

    const auto got = world.post_lines(deal, body);

    CHECK(got.body.find("\"is_complete\":false") != std::string::npos);
    CHECK(got.body.find("\"code\":\"unavailable\"") != std::string::npos);
    CHECK(world.get(deal).status == 404);
}

TEST_CASE("NDJSON refuses conditions and lines without end", "[http][bulk]")
{
    http::Limits limits;
    limits.event_bytes_max = 100;
    HttpWorld world{limits};
    Sent sent{http::Verb::post, deal, {{"Content-Type", "application/x-ndjson"}}, "{}"};
    sent.fields.emplace_back("If-Match", "*");

    const auto conditional = world.send(sent);
    const auto long_line = world.post_lines(deal, std::string(500, 'x'));

    CHECK(conditional.status == 400);
    CHECK(long_line.body.find("\"code\":\"too_large\"") != std::string::npos);
    CHECK(long_line.body.find("\"is_complete\":false") != std::string::npos);
}

TEST_CASE("mixed events keep their order within each stream", "[http][bulk]")
{
    http::Limits limits;
    limits.bulk_appends_max = 3;
    limits.bulk_events_max = 4;
    HttpWorld world{limits};
    auto random = random_generator(1);
    std::string body;
    std::map<int, int> sent;
    for (int number = 0; number < 400; ++number) {
        const int stream = static_cast<int>(random() % 6);
        body.append("{\"stream\":\"s/" + std::to_string(stream) +
                    "\",\"type\":\"A\",\"data\":" + std::to_string(sent[stream]++) + "}\n");
    }

    const auto got = world.post_lines("/v1/events", body);

    CHECK(got.body.find("\"appended\":\"400\"") != std::string::npos);
    for (const auto& [stream, count] : sent) {
        const auto page =
            world.get("/v1/streams/s/" + std::to_string(stream) + "/events?limit=1000");
        const auto json = page.json();
        const auto& events = json.at("events").as_array();
        REQUIRE(events.size() == static_cast<std::size_t>(count));
        bool is_in_order = true;
        for (std::size_t at = 0; at < events.size(); ++at) {
            is_in_order = is_in_order && events[at].at("data").to_number<std::size_t>() == at;
        }
        CHECK(is_in_order);
    }
}

TEST_CASE("a mixed array answers for each event, or for all when atomic", "[http][bulk]")
{
    HttpWorld world;
    const auto good = R"([{"stream":"a/1","type":"A"},{"stream":"b/1","type":"B"},
                          {"stream":"a/1","type":"C"}])";
    REQUIRE(world.post("/v1/events", R"({"stream":"c/1","type":"A","key":"used"})").status == 201);
    const auto half = R"([{"stream":"a/1","type":"A"},{"stream":"b/1","type":"B","key":"used"}])";

    const auto each = world.post("/v1/events", good);
    const auto together = world.post("/v1/events?atomic=true", good);
    const auto some = world.post("/v1/events", half);
    const auto none = world.post("/v1/events?atomic=true", half);

    CHECK(each.status == 201);
    CHECK(each.at("/results/2/version") == "2");
    CHECK(each.at("/appended") == "3");
    CHECK(together.status == 201);
    CHECK(together.at("/events/0/version") == "3");
    CHECK(together.at("/events/1/version") == "2");
    CHECK(together.at("/events/2/version") == "4");
    CHECK(together.header("ETag").empty());
    CHECK(some.status == 207);
    CHECK(some.at("/results/0/status") == "201");
    CHECK(some.at("/results/1/status") == "422");
    CHECK(some.at("/failed") == "1");
    CHECK(none.status == 422);
    CHECK(world.get("/v1/streams/a/1/events").at("/next") == "5");
}

TEST_CASE("mixed events name their stream, and have no conditions", "[http][bulk]")
{
    HttpWorld world;

    CHECK(world.post("/v1/events", R"([{"type":"A"}])").at("/errors/0/pointer") == "/0/stream");
    CHECK(world.post("/v1/events", R"({"stream":"a","type":"A"})").at("/code") == "bad_name");
    CHECK(world.post("/v1/events", R"({"stream":"a/1","type":"A"})", {{"If-Match", "*"}}).status ==
          400);
    CHECK(world.post("/v1/events?atomic=maybe", R"({"stream":"a/1","type":"A"})").status == 400);
}
