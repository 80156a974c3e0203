// A bulk that is sent again: what was there is answered as it was, the rest is appended, and no
// stream changes its order (docs/idempotency.md).

#include "node/http/handlers/bulk.hpp"
#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

// The log knows ids for ten minutes.
struct ForgetfulBulkWorld : HttpWorld {
    explicit ForgetfulBulkWorld(http::Limits limits = {})
        : HttpWorld{limits, FeedHubOptions{}, MemoryLogOptions{{}, {}, 600s}}
    {
    }
};

std::string line_of(std::size_t number)
{
    return R"({"stream":"deal/)" + std::to_string(number % 5) + R"(","type":"A","key":"k)" +
           std::to_string(number) + R"(","data":)" + std::to_string(number) + "}\n";
}

std::string body_of(std::size_t lines)
{
    std::string body;
    for (std::size_t number = 0; number < lines; ++number) {
        body += line_of(number);
    }
    return body;
}

std::string summary_of(const Got& got)
{
    const auto at = got.body.find("{\"summary\"");
    return at == std::string::npos ? got.body : got.body.substr(at);
}

// Each stream's events in the order of their lines, each once.
void check_streams(HttpWorld& world, std::size_t lines)
{
    std::size_t seen = 0;
    for (std::size_t stream = 0; stream < 5; ++stream) {
        const auto page =
            world.get("/v1/streams/deal/" + std::to_string(stream) + "/events?limit=1000");
        const auto json = page.json();
        std::size_t expected = stream;
        for (const auto& event : json.at("events").as_array()) {
            CHECK(event.at("data").to_number<std::size_t>() == expected);
            expected += 5;
            ++seen;
        }
    }
    CHECK(seen == lines);
}

} // namespace

TEST_CASE("a bulk resumed after years repeats what was there and appends the rest, in order",
          "[http][bulk][idempotency]")
{
    http::Limits limits;
    limits.bulk_events_max = 7; // many appends
    ForgetfulBulkWorld world{limits};
    const std::size_t before = GENERATE(as<std::size_t>{}, 0, 1, 63, 200);
    REQUIRE(summary_of(world.post_lines("/v1/events", body_of(before))).find("true") !=
            std::string::npos);
    world.clock.shift += 24h * 365;

    const auto got = world.post_lines("/v1/events", body_of(200));

    CHECK(summary_of(got) == R"({"summary":{"lines":"200","appended":")" +
                                 std::to_string(200 - before) + R"(","repeated":")" +
                                 std::to_string(before) + R"(","failed":"0","is_complete":true}})" +
                                 "\n");
    check_streams(world, 200);
}

TEST_CASE("a bulk interrupted anywhere, again and again, ends with each event once and in order",
          "[http][bulk][idempotency][property]")
{
    auto random = random_generator(73);
    constexpr std::size_t lines = 40;
    for (int round = 0; round < 8; ++round) {
        CAPTURE(seed(), round);
        http::Limits limits;
        limits.bulk_events_max = 1 + random() % 20;
        limits.bulk_append_wait = 0ms;
        limits.bulk_index_wait = 10ms; // the index moves between tries only
        ForgetfulBulkWorld world{limits};
        world.index.stands_at = Position{};
        std::string last;
        // What a try does not meet of the faults, a later one does: more tries than faults.
        for (int tries = 0; tries < 60 && last.find("\"is_complete\":true") == std::string::npos;
             ++tries) {
            // Sometimes the log fails, before or after it has stored; sometimes the body is cut.
            for (std::uint64_t faults = tries < 12 ? random() % 3 : 0; faults != 0; --faults) {
                world.log.fail_next_append(
                    random() % 2 == 0 ? Errc::outcome_unknown : Errc::unavailable,
                    random() % 2 == 0 ? MemoryEventLog::Strike::before_effect
                                      : MemoryEventLog::Strike::after_effect);
            }
            world.clock.shift += std::chrono::seconds{random() % 900};
            world.index.stands_at = Position{
                world.index.stands_at->value +
                random() % (std::stoull("0" + world.get("/v1/events?direction=backward&limit=1")
                                                  .at("/events/0/position")) -
                            world.index.stands_at->value + 1)};
            const bool is_cut = tries < 12 && random() % 2 == 0;
            const auto body = body_of(lines);
            const auto got = world.post_lines(
                "/v1/events", is_cut ? body.substr(0, random() % body.size()) : body);
            last = is_cut ? std::string{} : summary_of(got);
        }

        INFO(last);
        CHECK(last.find("\"failed\":\"0\",\"is_complete\":true") != std::string::npos);
        check_streams(world, lines);
    }
}

TEST_CASE("a key that comes twice in one bulk is a repeat, or other content", "[http][bulk]")
{
    ForgetfulBulkWorld world;
    const std::string same = R"({"type":"A","key":"1"})" + std::string{"\n"};

    const auto got = world.post_lines("/v1/streams/deal/42/events",
                                      same + R"({"type":"B","key":"2"})" + "\n" + same +
                                          R"({"type":"C","key":"2"})" + "\n");

    CHECK(got.body.find(R"({"line":"3","status":201)") != std::string::npos);
    CHECK(got.body.find(R"("version":"1","replayed":true})") != std::string::npos);
    CHECK(got.body.find(R"({"line":"4","status":422,"code":"key_reuse")") != std::string::npos);
    CHECK(summary_of(got).find(R"("appended":"2","repeated":"1","failed":"1")") !=
          std::string::npos);
}

TEST_CASE("keys that can not be looked up fail by line, and end the bulk",
          "[http][bulk][idempotency]")
{
    ForgetfulBulkWorld world;
    REQUIRE(world.post("/v1/streams/deal/1/events", R"({"type":"A"})").status == 201);
    http::IdLookupOptions options;
    options.tail_events_max = 0;
    http::IdLookup lookup{
        world.log, &world.known_ids, world.clock, world.tasks, world.context.get_executor(),
        options};
    world.services.id_lookup = &lookup;
    world.index.stands_at = Position{};
    world.clock.shift += 1h;

    const auto got = world.post_lines("/v1/events", R"({"stream":"deal/2","type":"A","key":"1"})" +
                                                        std::string{"\n"});

    CHECK(
        got.body.find(R"({"line":"1","status":503,"code":"projection_behind","retryable":true)") !=
        std::string::npos);
    CHECK(summary_of(got).find("\"is_complete\":false") != std::string::npos);
}

TEST_CASE("the lines of a wave share one question to the index", "[http][bulk][idempotency]")
{
    ForgetfulBulkWorld world;
    std::vector<http::BulkItem> items(3'000);
    for (std::size_t number = 0; number < items.size(); ++number) {
        Draft draft = sample_draft(number);
        draft.source = "local";
        items[number].stream = {"deal", std::to_string(number % 7)};
        items[number].draft = std::move(draft);
    }
    const auto again = items;

    const auto first =
        run_task(world.context, http::append_items(world.services, std::move(items), {}));
    const auto asked = world.known_ids.asked;
    const auto second = run_task(world.context, http::append_items(world.services, again, {}));

    CHECK(asked == 1);
    CHECK(world.known_ids.asked == 2);
    bool is_same = true;
    for (std::size_t number = 0; number < again.size(); ++number) {
        is_same = is_same && first[number].placed && second[number].placed &&
                  !first[number].is_repeat && second[number].is_repeat &&
                  first[number].placed->position == second[number].placed->position;
    }
    CHECK(is_same);
}
