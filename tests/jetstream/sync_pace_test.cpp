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
        pace.answered(sent, sent + each * number);
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
        pace.answered(now, now + 5ms);
        now += 20ms;
    }

    CHECK_FALSE(pace.prefers_batch(100'000));
}

TEST_CASE("a disk that gets slower is noticed", "[jetstream]")
{
    auto pace = after(64, 45us);
    REQUIRE_FALSE(pace.prefers_batch(20));
    const Monotonic sent{10s};
    for (int number = 1; number <= 64; ++number) {
        pace.answered(sent, sent + 4ms * number);
    }

    CHECK(pace.prefers_batch(20));
}
