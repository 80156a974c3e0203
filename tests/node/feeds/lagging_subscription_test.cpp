// Subscribers of a log that is read from a replica: who is behind, and where the log ends.

#include "node/feeds/subscription.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/lagging_log.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/sample_events.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

// A hub whose reads are answered by a replica that has `shown` of `appended` events.
struct LaggingWorld {
    LaggingWorld(std::uint64_t appended, std::uint64_t shown)
    {
        append(appended);
        log.show(Position{shown});
        hub.start(tasks);
    }
    ~LaggingWorld()
    {
        hub.close();
        run_task(context, tasks.wait_idle(30s));
    }
    void append(std::uint64_t count)
    {
        for (; count > 0; --count) {
            std::vector<StreamAppend> batch{{{"deal", "1"}, {}, {sample_draft(++number_)}}};
            REQUIRE(run_task(context, memory.append(std::move(batch))).has_value());
        }
    }
    [[nodiscard]] FeedStep next(Subscription& subscription)
    {
        const auto step = run_task(context, subscription.next({10, 1 << 20, 30ms}));
        REQUIRE(step.has_value());
        return *step;
    }
    // Steps until it has caught up, or for long.
    [[nodiscard]] bool catches_up(Subscription& subscription)
    {
        const auto deadline = std::chrono::steady_clock::now() + 30s;
        bool is_caught_up = false;
        while (!is_caught_up && std::chrono::steady_clock::now() < deadline) {
            is_caught_up = next(subscription).is_caught_up;
        }
        return is_caught_up;
    }

    boost::asio::io_context context{1};
    ManualClock clock;
    MemoryEventLog memory{context.get_executor(), clock};
    LaggingLog log{context.get_executor(), memory};
    FeedHub hub{context.get_executor(), log, {}};
    TaskGroup tasks{context.get_executor()};

private:
    std::uint64_t number_{0};
};

} // namespace

TEST_CASE("on a replica that is behind nobody has caught up before the leader's head is seen",
          "[feeds]")
{
    LaggingWorld world{5, 2};
    for (const bool is_filtered : {false, true}) {
        CAPTURE(is_filtered);
        FeedFilter filter;
        if (is_filtered) {
            filter.types = {"Nothing"};
        }
        Subscription subscription{world.hub, Position{}, filter};
        std::size_t events = 0;
        for (int steps = 0; steps < 4; ++steps) {
            const FeedStep step = world.next(subscription);
            events += step.events.size();
            CHECK_FALSE(step.is_caught_up);
        }
        CHECK(events == (is_filtered ? 0 : 2));
        CHECK(subscription.cursor() == Position{2});
    }

    Subscription early{world.hub, Position{}, FeedFilter{}};
    CHECK(world.next(early).events.size() == 2);
    CHECK_FALSE(world.next(early).is_caught_up);
    world.append(1); // later than the question: not waited for
    world.log.show(Position{5});

    CHECK(world.catches_up(early));
    CHECK(early.cursor() == Position{5});
}

TEST_CASE("those who catch up read by turns, and all arrive", "[feeds]")
{
    LaggingWorld world{200, 200};
    std::vector<std::unique_ptr<Subscription>> readers;
    for (int number = 0; number < 40; ++number) {
        readers.push_back(std::make_unique<Subscription>(world.hub, Position{}, FeedFilter{}));
    }
    std::vector<Task<Result<FeedStep>>> steps;
    for (auto& reader : readers) {
        steps.push_back(reader->next({10, 1 << 20, 30ms}));
    }

    for (const auto& step : run_tasks(world.context, std::move(steps))) {
        REQUIRE(step);
        CHECK(step->events.size() == 10);
    }
    CHECK(world.log.reading_most <= FeedHubOptions{}.history_readers_max + 1); // the hub's feed
    for (auto& reader : readers) {
        CHECK(world.catches_up(*reader));
        CHECK(reader->cursor() == Position{200});
    }
}

TEST_CASE("while the log has no leader nobody has caught up, and then they have", "[feeds]")
{
    LaggingWorld world{3, 3};
    world.log.is_leaderless = true;
    Subscription subscription{world.hub, Position{}, FeedFilter{}};
    CHECK(world.next(subscription).events.size() == 3);
    CHECK_FALSE(world.next(subscription).is_caught_up);

    world.log.is_leaderless = false;

    CHECK(world.catches_up(subscription));
}

TEST_CASE("subscribers that come together share the question where the log ends", "[feeds]")
{
    LaggingWorld world{1, 1};
    HeadWatch heads{world.context.get_executor(), world.log};
    world.log.asked = 0;
    std::vector<Task<Result<Position>>> questions;
    for (int number = 0; number < 100; ++number) {
        questions.push_back(heads.ask());
    }

    const auto answers = run_tasks(world.context, std::move(questions));

    for (const auto& answer : answers) {
        REQUIRE(answer.has_value());
        CHECK(*answer == Position{1});
    }
    CHECK(heads.asked() <= 2); // one that had begun before the others came, and theirs
}
