// Turns: never more than so many at once, in the order in which they came.

#include "core/async/turns.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

struct TurnsWorld {
    explicit TurnsWorld(std::size_t at_once) : turns{context.get_executor(), at_once} {}

    // Holds a turn for some rounds of the loop; whether it had one.
    Task<bool> work(int number, int rounds, std::chrono::nanoseconds longest = 10s)
    {
        const auto turn = co_await turns.take(longest);
        began.push_back(number);
        ++working;
        most = std::max(most, working);
        for (int round = 0; round < rounds; ++round) {
            co_await boost::asio::post(context, boost::asio::use_awaitable);
        }
        --working;
        co_return static_cast<bool>(turn);
    }

    boost::asio::io_context context{1};
    Turns turns;
    std::vector<int> began;
    std::size_t working{0};
    std::size_t most{0};
};

} // namespace

TEST_CASE("so many go at once, the others in the order in which they came", "[async]")
{
    const std::size_t at_once = GENERATE(std::size_t{1}, std::size_t{2}, std::size_t{7});
    TurnsWorld world{at_once};
    std::vector<Task<bool>> tasks;
    std::vector<int> order;
    for (int number = 0; number < 50; ++number) {
        order.push_back(number);
        tasks.push_back(world.work(number, 5));
    }

    const auto had_turn = run_tasks(world.context, std::move(tasks));

    CHECK(std::count(had_turn.begin(), had_turn.end(), true) == 50);
    CHECK(world.most == at_once);
    CHECK(world.began == order);
    CHECK(world.turns.taken() == 0);
    CHECK(world.turns.waiting() == 0);
}

TEST_CASE("who has waited long enough goes without a turn, and is not called later", "[async]")
{
    TurnsWorld world{1};
    auto held = run_task(world.context, world.turns.take(1s));
    REQUIRE(held);

    CHECK_FALSE(run_task(world.context, world.work(1, 1, 1ms)));
    CHECK(world.turns.waiting() == 0);
    held = {};
    CHECK(world.turns.taken() == 0);
    CHECK(run_task(world.context, world.work(2, 1)));
}

TEST_CASE("when all are let go, nobody waits", "[async]")
{
    TurnsWorld world{1};
    auto held = run_task(world.context, world.turns.take(1s));
    std::vector<Task<bool>> tasks;
    tasks.push_back(world.work(1, 1, 60s));
    tasks.push_back([](TurnsWorld& at) -> Task<bool> {
        at.turns.let_all_go();
        co_return true;
    }(world));

    const auto had_turn = run_tasks(world.context, std::move(tasks));

    CHECK_FALSE(had_turn.front());
    CHECK_FALSE(run_task(world.context, world.work(2, 1)));
    CHECK(world.turns.taken() == 1); // held
}

TEST_CASE("a turn may outlive those who gave it", "[async]")
{
    boost::asio::io_context context{1};
    auto turns = std::make_unique<Turns>(context.get_executor(), 1);
    const auto held = run_task(context, turns->take(1s));

    turns.reset();

    CHECK(held);
}
