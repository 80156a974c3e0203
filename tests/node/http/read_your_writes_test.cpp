// Reads of a read model that lags behind what the reader has written (docs/read-your-writes.md).

#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/seed.hpp"

#include <set>

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

std::uint64_t position_in(const Got& got)
{
    return std::stoull("0" + got.header("Sealstream-Position"));
}

std::set<std::uint64_t> positions_of(const Got& page)
{
    std::set<std::uint64_t> positions;
    const auto json = page.json();
    for (const auto& event : json.at("events").as_array()) {
        positions.insert(std::stoull(event.at("position").as_string().c_str()));
    }
    return positions;
}

// A projector that moves now and then, by as much as it likes.
Task<void> fold_slowly(HttpWorld& world, std::mt19937_64& random, bool& is_over)
{
    while (!is_over) {
        const auto head = co_await world.log.head();
        auto& at = world.index.stands_at->value;
        at += random() % (head->value - at + 1);
        co_await world.stop_wish.sleep_for(std::chrono::microseconds{random() % 3'000});
    }
}

Task<Got> then_end(Task<Got> read, bool& is_over, std::size_t& left)
{
    auto got = co_await std::move(read);
    is_over = --left == 0;
    co_return got;
}

} // namespace

TEST_CASE("a read never misleads about what it shows, however the projector lags",
          "[http][read][property]")
{
    auto random = random_generator(72);
    std::size_t served = 0;
    std::size_t refused = 0;
    std::size_t less = 0;
    for (int round = 0; round < 25; ++round) {
        HttpWorld world;
        world.index.stands_at = Position{};
        const std::uint64_t head = 1 + random() % 30;
        for (std::uint64_t number = 0; number < head; ++number) {
            REQUIRE(world.post(deal, R"({"type":"A"})").status == 201);
        }
        struct Read {
            std::uint64_t wanted;
            bool is_lenient;
        };
        std::vector<Read> reads;
        std::vector<Task<Got>> tasks;
        bool is_over = false;
        std::size_t left = 12;
        for (std::size_t number = 0; number < 12; ++number) {
            const Read read{1 + random() % (head + 1), random() % 3 == 0};
            reads.push_back(read);
            Sent sent;
            sent.target = "/v1/events?type=A&limit=100&min-position=" + std::to_string(read.wanted);
            const bool waits = random() % 2 == 0 && read.wanted <= head;
            sent.fields = {{"Prefer", std::string{waits ? "wait=5" : "wait=0"} +
                                          (read.is_lenient ? ", handling=lenient" : "")}};
            tasks.push_back(then_end(world.answer(std::move(sent)), is_over, left));
        }
        world.tasks.spawn("slow projector", fold_slowly(world, random, is_over));

        const auto answers = run_tasks(world.context, std::move(tasks));

        for (std::size_t at = 0; at < answers.size(); ++at) {
            const Got& got = answers[at];
            CAPTURE(seed(), round, reads[at].wanted, reads[at].is_lenient, got.body);
            if (got.status == 503) {
                ++refused;
                CHECK(!reads[at].is_lenient);
                CHECK(got.at("/code") == "projection_behind");
                CHECK(std::stoull(got.at("/position")) < reads[at].wanted);
                continue;
            }
            REQUIRE(got.status == 200);
            const auto shown = positions_of(got);
            const auto reached = position_in(got);
            ++served;
            less += reached < reads[at].wanted ? 1U : 0U;
            CHECK((reached >= reads[at].wanted || reads[at].is_lenient));
            CHECK((got.header("Preference-Applied") == "handling=lenient") ==
                  (reached < reads[at].wanted));
            for (std::uint64_t position = 1; position <= reached; ++position) {
                CHECK(shown.contains(position)); // everything that was promised
            }
        }
    }
    CHECK(served > 50);
    CHECK(refused > 10);
    CHECK(less > 5);
}

TEST_CASE("a database that came back with less than it had is not believed", "[http][read]")
{
    HttpWorld world;
    const auto created = world.post(deal, R"([{"type":"A"},{"type":"B"}])");
    world.index.after_cursor = [&world] { world.index.stands_at = Position{1}; };

    const auto page = world.get("/v1/events?type=B&min-position=2");
    world.index.stands_at.reset();
    const auto event = world.get("/v1/events/" + created.at("/events/1/id") + "?min-position=2");

    CHECK(page.status == 503);
    CHECK(page.at("/code") == "projection_behind");
    CHECK(event.status == 503);
}

TEST_CASE("many waiting reads ask the database no more than one", "[http][read]")
{
    HttpWorld world;
    REQUIRE(world.post(deal, R"({"type":"A"})").status == 201);
    world.index.stands_at = Position{};
    std::vector<Task<Got>> tasks;
    for (int number = 0; number < 200; ++number) {
        Sent sent;
        sent.target = "/v1/events?type=A&min-position=1";
        sent.fields = {{"Prefer", "wait=1"}};
        tasks.push_back(world.answer(std::move(sent)));
    }

    const auto answers = run_tasks(world.context, std::move(tasks));

    for (const Got& got : answers) {
        REQUIRE(got.status == 503);
        CHECK(got.at("/lag_events") == "1");
    }
    CHECK(world.index_watch.asked() < 60); // in one second
}

TEST_CASE("an event by id says how far the index was", "[http][read]")
{
    HttpWorld world;
    const auto created = world.post(deal, R"([{"type":"A"},{"type":"B"}])");
    const auto first = "/v1/events/" + created.at("/events/0/id");
    world.index.stands_at = Position{1};

    const auto lenient =
        world.get(first + "?min-position=2", {{"Prefer", "handling=lenient, wait=0"}});
    const auto strict = world.get(first + "?min-position=2", {{"Prefer", "handling=lenienter"}});

    CHECK(lenient.status == 200);
    CHECK(lenient.header("Sealstream-Position") == "1");
    CHECK(lenient.header("Preference-Applied") == "handling=lenient");
    CHECK(strict.status == 503);
}
