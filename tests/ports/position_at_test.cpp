// The place of a moment in the log, against a walk through it.

#include "core/ports/position_at.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_event_log.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;
using namespace sealstream::testing;

TEST_CASE("the position of a time is the last that was ingested at or before it", "[ports]")
{
    auto random = random_generator(170);
    boost::asio::io_context context{1};
    ManualClock clock;
    MemoryEventLog log{context.get_executor(), clock};
    CHECK(*run_task(context, position_at(log, clock.wall())) == Position{});
    std::vector<std::int64_t> ingested;
    const std::int64_t begin = clock.wall().nanoseconds;
    for (int number = 0; number < 60; ++number) {
        clock.advance(std::chrono::nanoseconds{random() % 4}); // often the same moment
        std::vector<StreamAppend> batch{
            StreamAppend{{"deal", "1"}, Expected{}, {random_event(random).draft}}};
        REQUIRE(run_task(context, log.append(std::move(batch))));
        ingested.push_back(clock.wall().nanoseconds);
    }

    int wrong = 0;
    for (std::int64_t time = begin - 2; time <= ingested.back() + 2; ++time) {
        std::uint64_t expected = 0;
        for (std::size_t at = 0; at < ingested.size(); ++at) {
            expected = ingested[at] <= time ? at + 1 : expected;
        }
        const auto found = run_task(context, position_at(log, WallTime{time}));
        wrong += found && *found == Position{expected} ? 0 : 1;
    }
    CHECK(wrong == 0);
}
