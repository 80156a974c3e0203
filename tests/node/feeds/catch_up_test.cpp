// History through the log or through the index is the same history, without a hole.

#include "node/feeds/catch_up.hpp"
#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

struct Ledger {
    // Event n is rare when n is a multiple of `every`.
    Ledger(std::uint64_t count, std::uint64_t every)
    {
        for (std::uint64_t number = 1; number <= count;) {
            std::vector<StreamAppend> batch;
            batch.push_back({{"deal", "1"}, {}, {}});
            for (; number <= count && batch.back().drafts.size() < append_events_max; ++number) {
                batch.back().drafts.push_back(sample_draft(number));
                batch.back().drafts.back().type = number % every == 0 ? "Rare" : "Common";
            }
            const auto done = run_task(context, log.append(std::move(batch)));
            REQUIRE(done.has_value());
        }
    }

    boost::asio::io_context context{1};
    ManualClock clock;
    MemoryEventLog log{context.get_executor(), clock};
    MemoryEventIndex index{log};
};

struct Walk {
    std::vector<std::uint64_t> events{};
    bool always_moved_on{true};
    std::uint64_t records_read{0};
    std::optional<Errc> fault{};
};

Walk walk(Ledger& ledger, EventIndex* index, std::uint64_t head, CatchUpLimits limits)
{
    FeedFilter filter;
    filter.types = {"Rare"};
    CatchUp history{ledger.log, index, filter};
    Walk walk;
    Position cursor{};
    while (cursor.value < head && walk.always_moved_on && !walk.fault) {
        std::vector<FeedEventPtr> page;
        const auto reached = run_task(ledger.context, history.next(cursor, limits, page));
        if (!reached) {
            walk.fault = reached.error().code;
            break;
        }
        for (const auto& event : page) {
            walk.always_moved_on =
                walk.always_moved_on && event->position() > cursor && event->position() <= *reached;
            walk.events.push_back(event->position().value);
        }
        walk.always_moved_on =
            walk.always_moved_on && *reached > cursor && page.size() <= limits.events_max;
        cursor = *reached;
    }
    walk.records_read = history.records_read();
    return walk;
}

std::vector<std::uint64_t> multiples(std::uint64_t every, std::uint64_t count)
{
    std::vector<std::uint64_t> all;
    for (std::uint64_t number = every; number <= count; number += every) {
        all.push_back(number);
    }
    return all;
}

} // namespace

TEST_CASE("rare events are found through the index, without reading what lies between",
          "[feeds][index]")
{
    Ledger ledger{20'000, 1'000};

    const auto scanned = walk(ledger, nullptr, 20'000, {});
    const auto looked_up = walk(ledger, &ledger.index, 20'000, {});

    CHECK(scanned.events == multiples(1'000, 20'000));
    CHECK(looked_up.events == scanned.events);
    CHECK(looked_up.always_moved_on);
    CHECK(scanned.records_read == 20'000);
    CHECK(looked_up.records_read <
          2'100); // one page that showed that they are rare, then only them
}

TEST_CASE(
    "whatever the density, the limits and the lag of the index, no event is missing or doubled",
    "[feeds][index][property]")
{
    auto random = random_generator(41);
    for (int round = 0; round < 12; ++round) {
        const std::uint64_t count = 200 + random() % 5'000;
        const std::uint64_t every = 1 + random() % 400;
        Ledger ledger{count, every};
        ledger.index.stands_at = Position{random() % (count + 1)};
        const CatchUpLimits limits{1 + random() % 50, 1 + random() % 100'000};
        CAPTURE(round, count, every, ledger.index.stands_at->value, limits.events_max,
                limits.bytes_max);

        const auto found = walk(ledger, &ledger.index, count, limits);

        CHECK(found.always_moved_on);
        CHECK(found.events == multiples(every, count));
    }
}

TEST_CASE("an index that is away only costs time", "[feeds][index]")
{
    Ledger ledger{5'000, 1'000};
    ledger.index.failure = Error{Errc::unavailable, "gone"};

    const auto found = walk(ledger, &ledger.index, 5'000, {});

    CHECK(found.events == multiples(1'000, 5'000));
    CHECK(found.records_read == 5'000);
}

TEST_CASE("an index that names what the log does not have is a contradiction", "[feeds][index]")
{
    Ledger ledger{5'000, 1'000};
    Ledger longer{9'000, 1'000};

    const auto found = walk(ledger, &longer.index, 9'000, {});

    REQUIRE(found.fault.has_value());
    CHECK(*found.fault == Errc::corrupt);
}
