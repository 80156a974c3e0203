// When appends share a batch on a server that syncs every write.

#include "jetstream/sync_pace.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using jetstream::SyncPace;
using namespace std::chrono_literals;

namespace {

// `count` publishes sent at once, served one after the other.
SyncPace after(std::size_t count, std::chrono::microseconds each)
{
    SyncPace pace;
    const Monotonic sent{1s};
    for (std::size_t number = 1; number <= count; ++number) {
        pace.answered(sent, sent + each * number, count - number);
    }
    return pace;
}

} // namespace

TEST_CASE("the slower the disk, the fewer appends share a batch", "[jetstream]")
{
    struct Row {
        std::chrono::microseconds each;
        std::size_t last_alone;
    };
    const auto row = GENERATE(Row{45us, 119}, Row{500us, 18}, Row{4'000us, 9});
    const auto pace = after(64, row.each);
    CAPTURE(row.each.count());

    CHECK_FALSE(pace.prefers_batch(row.last_alone));
    CHECK(pace.prefers_batch(row.last_alone + 1));
}

TEST_CASE("answers to publishes that had the server to themselves say nothing of its pace",
          "[jetstream]")
{
    SyncPace pace;
    Monotonic now{1s};
    for (int count = 0; count < 100; ++count) {
        pace.answered(now, now + 5ms, 0);
        now += 20ms;
    }

    CHECK_FALSE(pace.prefers_batch(100'000));
}

TEST_CASE("a few appends to one stream take turns unless batches are faster", "[jetstream]")
{
    const auto pace = after(64, 500us);
    REQUIRE(pace.prefers_batch(19));

    CHECK(SyncPace{}.prefers_turns(2, 64)); // nothing is known yet
    CHECK(pace.prefers_turns(SyncPace::turns_max, 18));
    CHECK_FALSE(pace.prefers_turns(SyncPace::turns_max + 1, 18));
    CHECK_FALSE(pace.prefers_turns(2, 19));
}

TEST_CASE("a disk that gets slower is noticed", "[jetstream]")
{
    auto pace = after(64, 45us);
    REQUIRE_FALSE(pace.prefers_batch(20));
    const Monotonic sent{10s};
    for (std::size_t number = 1; number <= 64; ++number) {
        pace.answered(sent, sent + 4ms * number, 64 - number);
    }

    CHECK(pace.prefers_batch(20));
}

TEST_CASE("answers that all come at once count as if they came one by one", "[jetstream]")
{
    const std::size_t together = GENERATE(std::size_t{8}, std::size_t{64}, std::size_t{256});
    const auto one_by_one = after(together, 500us);
    SyncPace burst;
    const Monotonic sent{1s};
    for (std::size_t waiting = together; waiting-- > 0;) {
        burst.answered(sent, sent + 500us * together, waiting);
    }
    CAPTURE(together);

    for (std::size_t in_flight = 1; in_flight < 40; ++in_flight) {
        CHECK(burst.prefers_batch(in_flight) == one_by_one.prefers_batch(in_flight));
    }
}

TEST_CASE("a measured batch counts more than a guessed one", "[jetstream]")
{
    auto pace = after(64, 500us);
    REQUIRE(pace.prefers_batch(19));
    for (int number = 1; number <= 50; ++number) {
        pace.batch_answered(Monotonic{10s} + 100ms * number,
                            Monotonic{10s} + 100ms * number + 40ms);
    }

    CHECK_FALSE(pace.prefers_batch(80)); // 40 ms alone; a batch takes that and the idle time
    CHECK(pace.prefers_batch(110));
}

TEST_CASE("a batch that waited for single publishes is not taken for a slow one", "[jetstream]")
{
    auto pace = after(64, 1'000us); // the last answer at 1.064 s
    for (int number = 0; number < 50; ++number) {
        pace.batch_answered(Monotonic{1s}, Monotonic{1'074ms + number * 10ms});
    }

    CHECK(pace.prefers_batch(13)); // 10 ms each, a quarter more for the idle time
    CHECK_FALSE(pace.prefers_batch(12));
}

TEST_CASE("a batch waits for company a part of its own time, but never long", "[jetstream]")
{
    SyncPace pace;
    CHECK(pace.patience() == 0ns);
    pace.batch_answered(Monotonic{1s}, Monotonic{1'008ms});
    CHECK(pace.patience() == 2ms);
    for (int number = 1; number <= 100; ++number) {
        pace.batch_answered(Monotonic{10s * number}, Monotonic{10s * number + 3s});
    }
    CHECK(pace.patience() == 5ms);
}

TEST_CASE("the pace of single publishes is learned anew after a second without any", "[jetstream]")
{
    auto pace = after(64, 1'000us);
    CHECK_FALSE(pace.is_stale(Monotonic{1'500ms}));
    CHECK(pace.is_stale(Monotonic{2'100ms}));

    pace.batch_answered(Monotonic{2s}, Monotonic{2'050ms});
    CHECK(pace.is_stale(Monotonic{2'100ms}));
}
