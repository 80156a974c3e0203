// No gap, no double, and nobody waits for a slow one.

#include "core/async/stop.hpp"
#include "core/retention/expiry_event.hpp"
#include "core/retention/key_period.hpp"
#include "core/retention/payload_log.hpp"
#include "node/feeds/subscription.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_event_log.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

struct World {
    explicit World(FeedHubOptions options = {})
        : log{context.get_executor(), clock},
          hub{context.get_executor(), log, options},
          pause{context.get_executor()},
          tasks{context.get_executor()}
    {
        hub.start(tasks);
    }
    ~World()
    {
        hub.close();
        run_task(context, tasks.wait_idle(5s));
    }

    void append(std::size_t count)
    {
        for (; count > 0; --count) {
            std::vector<StreamAppend> batch;
            batch.push_back(
                {{"deal", std::to_string(appended % 5)}, {}, {sample_draft(++appended)}});
            const auto done = run_task(context, log.append(std::move(batch)));
            REQUIRE(done.has_value());
        }
    }
    [[nodiscard]] Result<FeedStep> next(Subscription& subscription, FeedStepLimits limits)
    {
        return run_task(context, subscription.next(limits));
    }
    void settle() { run_task(context, pause.sleep_for(5ms)); }

    boost::asio::io_context context{1};
    ManualClock clock;
    MemoryEventLog log;
    FeedHub hub;
    Stop pause;
    TaskGroup tasks;
    std::size_t appended{0};
};

constexpr FeedStepLimits quick{10, 1 << 20, 20ms};

std::vector<std::uint64_t> positions(const FeedStep& step)
{
    std::vector<std::uint64_t> all;
    for (const auto& event : step.events) {
        all.push_back(event->position().value);
    }
    return all;
}

// One subscriber of the property test: reads, leaves at random, comes back with its cursor.
struct Reader {
    FeedFilter filter;
    std::uint64_t seed{0};
    Position cursor{};
    std::vector<std::uint64_t> seen{};
    std::size_t connections{0};
    std::size_t overruns{0};
};

Task<void> read_all(World* world, Reader* reader, std::uint64_t total)
{
    std::mt19937_64 random{reader->seed};
    while (reader->cursor.value < total) {
        ++reader->connections;
        Subscription subscription{world->hub, reader->cursor, reader->filter};
        for (auto steps = random() % 8; steps > 0 && subscription.cursor().value < total; --steps) {
            const FeedStepLimits limits{1 + random() % 20, 1 + random() % 4000, 5ms};
            const auto step = co_await subscription.next(limits);
            SEAL_CHECK(step.has_value(), "the log in memory is always there");
            for (const auto& event : step->events) {
                reader->seen.push_back(event->position().value);
            }
            reader->overruns += step->is_overrun ? 1U : 0U;
            if (step->is_overrun) {
                break;
            }
            if (random() % 4 == 0) {
                const std::chrono::microseconds moment{random() % 3000};
                co_await world->pause.sleep_for(moment);
            }
        }
        reader->cursor = subscription.cursor();
    }
}

Task<void> append_all(World* world, std::uint64_t seed, std::uint64_t total)
{
    std::mt19937_64 random{seed};
    while (world->appended < total) {
        const auto burst = std::min<std::uint64_t>(1 + random() % 20, total - world->appended);
        for (std::uint64_t left = burst; left > 0; --left) {
            std::vector<StreamAppend> batch;
            batch.push_back({{"deal", std::to_string(world->appended % 5)}, {}, {}});
            batch.back().drafts.push_back(sample_draft(++world->appended));
            const auto done = co_await world->log.append(std::move(batch));
            SEAL_CHECK(done.has_value(), "the log in memory accepts it");
        }
        const std::chrono::microseconds moment{random() % 2000};
        co_await world->pause.sleep_for(moment);
    }
}

} // namespace

TEST_CASE("a subscriber catches up, is told so once, and then follows", "[feeds]")
{
    World world;
    world.append(25);
    Subscription subscription{world.hub, Position{3}, {}};

    const auto first = world.next(subscription, quick);
    const auto second = world.next(subscription, quick);
    const auto third = world.next(subscription, quick);
    const auto level = world.next(subscription, quick);
    const auto quiet = world.next(subscription, quick);
    world.append(2);
    const auto live = world.next(subscription, quick);

    CHECK(positions(*first).front() == 4);
    CHECK(positions(*second).size() == 10);
    CHECK(positions(*third) == std::vector<std::uint64_t>{24, 25});
    CHECK(level->events.empty());
    CHECK(level->is_caught_up);
    CHECK(quiet->events.empty());
    CHECK(positions(*live) == std::vector<std::uint64_t>{26, 27});
    CHECK(subscription.cursor() == Position{27});
}

TEST_CASE("whoever comes and goes, each sees every matching event once and in order",
          "[feeds][property]")
{
    FeedHubOptions options;
    options.ring_bytes_max = 60'000; // some dozens of events: falling out of it is part of the game
    options.linger = 3ms;
    World world{options};
    auto random = random_generator(7);
    constexpr std::uint64_t total = 1500;
    std::vector<Reader> readers(12);
    for (std::size_t at = 0; at < readers.size(); ++at) {
        readers[at].seed = random();
        if (at % 3 == 1) {
            readers[at].filter.stream_type = "deal";
            readers[at].filter.stream_id = std::to_string(at % 5);
        }
    }

    TaskGroup group{world.context.get_executor()};
    for (auto& reader : readers) {
        group.spawn("reader", read_all(&world, &reader, total));
    }
    group.spawn("writer", append_all(&world, random(), total));
    CHECK(run_task(world.context, group.wait_idle(60s)) == 0);

    std::size_t wrong = 0;
    for (const auto& reader : readers) {
        std::vector<std::uint64_t> expected;
        for (std::uint64_t position = 1; position <= total; ++position) {
            const bool fits = reader.filter.is_empty() ||
                              std::to_string((position - 1) % 5) == reader.filter.stream_id;
            if (fits) {
                expected.push_back(position);
            }
        }
        wrong += reader.seen == expected ? 0U : 1U;
        CHECK(reader.connections > 1);
    }
    CHECK(wrong == 0);
}

TEST_CASE("who was live and fell out of the ring is overrun, and resumes from its cursor",
          "[feeds]")
{
    FeedHubOptions options;
    options.ring_bytes_max = 5000;
    World world{options};
    world.append(1);
    Position cursor;
    {
        Subscription slow{world.hub, Position{1}, {}};
        REQUIRE(world.next(slow, quick)->is_caught_up);
        world.append(1);
        REQUIRE(positions(*world.next(slow, quick)).size() == 1);

        world.append(50);
        world.settle();
        const auto step = world.next(slow, quick);
        CHECK(step->is_overrun);
        CHECK(step->events.empty());
        cursor = slow.cursor();
    }
    CHECK(cursor == Position{2});
    CHECK(world.hub.ring_bytes() <= 5000);

    Subscription again{world.hub, cursor, {}};
    CHECK(positions(*world.next(again, quick)).front() == 3);
}

TEST_CASE("nobody listening, the hub does not read the log", "[feeds]")
{
    FeedHubOptions options;
    options.linger = 1ms;
    options.patience = 10ms;
    World world{options};
    {
        Subscription subscription{world.hub, Position{}, {}};
        static_cast<void>(world.next(subscription, quick));
        world.append(3);
        static_cast<void>(world.next(subscription, quick));
    }
    for (int tries = 0; tries < 200 && world.hub.covers(Position{3}); ++tries) {
        world.settle();
    }

    CHECK(!world.hub.covers(Position{3}));
    CHECK(world.hub.ring_bytes() == 0);
    CHECK(world.hub.subscribers() == 0);
}

TEST_CASE("closing wakes every subscriber", "[feeds]")
{
    World world;
    Subscription subscription{world.hub, Position{}, {}};
    REQUIRE(world.next(subscription, quick)->is_caught_up);

    world.hub.close();
    const FeedStepLimits patient{10, 1 << 20, 60s};
    const auto step = world.next(subscription, patient);

    CHECK(step->is_closing);
}

TEST_CASE("a log that goes back or holds nonsense is a fault for every subscriber", "[feeds]")
{
    CapturedLog captured;
    captured.expect("feed.log_corrupt");
    World world;
    world.append(5);
    Subscription subscription{world.hub, Position{5}, {}};
    REQUIRE(world.next(subscription, quick)->is_caught_up);

    world.log.cut_after(Position{2});
    world.append(1);
    auto step = world.next(subscription, quick);
    for (int tries = 0; tries < 100 && step; ++tries) {
        step = world.next(subscription, quick);
    }

    REQUIRE(!step);
    CHECK(step.error().code == Errc::corrupt);
    CHECK(captured.unexpected_errors().empty());
}

TEST_CASE("a log that is away is tried again without losing the place", "[feeds]")
{
    World world;
    world.append(3);
    Subscription subscription{world.hub, Position{}, {}};
    world.log.fail_next_read(Errc::unavailable); // one for the hub, one for the subscriber
    world.log.fail_next_read(Errc::unavailable);

    const auto failed = world.next(subscription, quick);
    const auto again = world.next(subscription, quick);

    REQUIRE(!failed);
    CHECK(failed.error().code == Errc::unavailable);
    CHECK(positions(*again) == std::vector<std::uint64_t>{1, 2, 3});
}

TEST_CASE("a log that stays away ends a live subscription, whose cursor goes on later", "[feeds]")
{
    FeedHubOptions options;
    options.patience = 5ms; // each failure costs so much
    options.log_away_max = 50ms;
    World world{options};
    world.append(3);
    Position cursor;
    {
        Subscription subscription{world.hub, Position{}, {}};
        while (subscription.cursor() < Position{3} || !world.hub.covers(Position{3})) {
            REQUIRE(world.next(subscription, quick));
        }
        REQUIRE(world.next(subscription, quick)); // live by now
        for (int failures = 0; failures < 200; ++failures) {
            world.log.fail_next_read(Errc::unavailable);
        }
        const FeedStepLimits patient{10, 1 << 20, 60s};
        const auto ended = world.next(subscription, patient);

        REQUIRE(!ended);
        CHECK(ended.error().code == Errc::unavailable);
        CHECK(world.hub.silence() > 50ms);
        CHECK(!run_task(world.context, subscription.pause(1ms)));
        cursor = subscription.cursor();
    }
    CHECK(cursor == Position{3});

    for (int tries = 0; tries < 12'000 && world.hub.is_away(); ++tries) {
        world.settle();
    }
    world.append(2);
    Subscription again{world.hub, cursor, {}};
    std::vector<std::uint64_t> seen;
    for (int tries = 0; tries < 3'000 && seen.size() < 2; ++tries) {
        const auto step = world.next(again, quick);
        if (step) {
            const auto more = positions(*step);
            seen.insert(seen.end(), more.begin(), more.end());
        }
    }
    CHECK(seen == std::vector<std::uint64_t>{4, 5});
}

TEST_CASE("a quiet log that answers is not away", "[feeds]")
{
    FeedHubOptions options;
    options.patience = 5ms;
    options.log_away_max = 10s;
    World world{options};
    world.append(1);
    Subscription subscription{world.hub, Position{1}, {}};
    const FeedStepLimits short_wait{10, 1 << 20, 100ms};
    for (int rounds = 0; rounds < 3; ++rounds) {
        const auto step = world.next(subscription, short_wait);
        REQUIRE(step);
        CHECK(step->events.empty());
    }
    CHECK(world.hub.silence() < 10s);
}

namespace {

constexpr std::string_view key_of_all = "ops.long/2026-11-30T10:00:00Z/2026-11-30T11:00:00Z";

// Every payload has the one key; it is never destroyed here, so what is forgotten was forgotten by
// the hub.
class OneKey final : public PayloadKeys {
public:
    Task<Result<CurrentPayloadKey>> current(std::string, std::chrono::seconds) override
    {
        co_return CurrentPayloadKey{{std::string{key_of_all}, {}}, 1h};
    }
    Task<Result<std::vector<FoundPayloadKey>>> find(std::vector<std::string>) override
    {
        co_return std::vector<FoundPayloadKey>{{std::string{key_of_all}, AesKey{}}};
    }
};

} // namespace

TEST_CASE("what a destroyed key has opened is not handed out of the hub's memory any more",
          "[feeds][retention]")
{
    boost::asio::io_context context{1};
    ManualClock clock;
    OneKey keys;
    RetentionRules rules;
    rules.classes.emplace("ops.long", std::chrono::hours{24 * 365 * 100});
    rules.stream_types.emplace("ops", "ops.long");
    PayloadLog log{std::make_unique<MemoryEventLog>(context.get_executor(), clock), keys, clock,
                   std::make_shared<const RetentionRules>(std::move(rules)),
                   PayloadReaderOptions{}};
    FeedHub hub{context.get_executor(), log, FeedHubOptions{}};
    TaskGroup tasks{context.get_executor()};
    hub.start(tasks);
    const auto append = [&](StreamName stream, Draft draft) {
        std::vector<StreamAppend> batch;
        batch.push_back({std::move(stream), {}, {}});
        batch.back().drafts.push_back(std::move(draft));
        const auto done = run_task(context, log.append(std::move(batch)));
        REQUIRE(done.has_value());
    };
    const auto texts_from_memory = [&](std::size_t events) {
        Subscription subscription{hub, Position{0}, {}};
        std::string text;
        for (std::size_t seen = 0; seen < events;) {
            const auto step = run_task(context, subscription.next(quick));
            REQUIRE(step.has_value());
            for (const auto& event : step->events) {
                text += event->text(FeedForm::sse);
                ++seen;
            }
        }
        return text;
    };
    Subscription first{hub, Position{0}, {}};
    REQUIRE(run_task(context, first.next(quick)).has_value());

    Draft secret = sample_draft(1);
    secret.data = R"("kanarienvogel")";
    append({"ops", "main"}, secret);
    append({"deal", "1"}, sample_draft(2));
    CHECK(texts_from_memory(2).find("kanarienvogel") != std::string::npos);

    const auto said = expiry_draft(sample_draft(3).id, key_of_all, WallTime{}, Position{2});
    append(*expiry_stream(key_of_all), *said);

    const auto step = run_task(context, first.next(quick));
    REQUIRE(step.has_value());
    REQUIRE(hub.covers(Position{0}));
    const std::string text = texts_from_memory(3);
    CHECK(text.find("kanarienvogel") == std::string::npos);
    CHECK(text.find(R"("data":null,"expired":true)") != std::string::npos);
    CHECK(text.find(sample_draft(2).data) != std::string::npos);
    hub.close();
    run_task(context, tasks.wait_idle(5s));
}
