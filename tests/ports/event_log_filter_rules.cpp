// The contract of filters: what matches comes in order, without gap or double, however rare it is,
// and nothing else comes.

#include "tests/ports/log_driver.hpp"

#include <random>

namespace sealstream::testing {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds filter_patience{10'000}; // for what must come; far above what it takes

const LogFilter deals{{"deal"}};
const LogFilter deals_and_agents{{"agent", "deal"}};

// Appends events of random types; the positions of those that match.
std::vector<std::uint64_t> append_mixture(LogDriver& driver, std::mt19937_64& random,
                                          std::size_t appends, const LogFilter& filter)
{
    constexpr std::array types{"deal", "agent", "asset", "noise"};
    std::vector<std::uint64_t> matching;
    for (std::size_t round = 0; round < appends; ++round) {
        const StreamName stream{types[random() % types.size()], std::to_string(random() % 3)};
        const auto appended = driver.append(stream, 1 + random() % 4);
        for (const Placed& placed : appended.events) {
            if (filter.matches(placed.stream)) {
                matching.push_back(placed.position.value);
            }
        }
    }
    return matching;
}

// Takes batches until the feed says that it is caught up; their positions.
std::vector<std::uint64_t> drain_filtered(LogDriver& driver, Feed& feed, std::size_t events_max)
{
    std::vector<std::uint64_t> positions;
    for (;;) {
        const auto batch = driver.next(feed, events_max, filter_patience);
        INFO((batch ? "" : describe(batch.error())));
        REQUIRE(batch.has_value());
        REQUIRE(batch->records.size() <= events_max);
        for (const StoredRecord& record : batch->records) {
            positions.push_back(record.position.value);
        }
        if (batch->is_caught_up) {
            return positions;
        }
    }
}

void add_all(std::vector<std::uint64_t>& to, const std::vector<std::uint64_t>& more)
{
    to.insert(to.end(), more.begin(), more.end());
}

void a_filtered_feed_delivers_what_matches(const LogFactory& make)
{
    LogDriver driver{make};
    std::mt19937_64 random{20'26};
    auto expected = append_mixture(driver, random, 30, deals_and_agents);
    const auto feed = driver.log().subscribe_from(Position{0}, deals_and_agents);
    auto positions = drain_filtered(driver, *feed, 3);
    CHECK(positions == expected);
    for (std::size_t round = 0; round < 10; ++round) {
        const auto more = append_mixture(driver, random, 3, deals_and_agents);
        add_all(expected, more);
        while (positions.size() < expected.size()) {
            add_all(positions, drain_filtered(driver, *feed, 1 + round % 3));
        }
        REQUIRE(positions == expected);
    }
}

void a_filtered_feed_starts_anywhere(const LogFactory& make)
{
    LogDriver driver{make};
    std::mt19937_64 random{20'27};
    const auto expected = append_mixture(driver, random, 20, deals);
    const std::uint64_t head = driver.head();
    for (std::uint64_t after = 0; after <= head; after += 7) {
        INFO("after " << after);
        std::vector<std::uint64_t> wanted = expected;
        std::erase_if(wanted, [after](std::uint64_t position) { return position <= after; });
        const auto feed = driver.log().subscribe_from(Position{after}, deals);
        std::vector<std::uint64_t> positions;
        while (positions.size() < wanted.size()) {
            add_all(positions, drain_filtered(driver, *feed, 5));
        }
        CHECK(positions == wanted);
    }
}

void a_feed_of_nothing_is_caught_up(const LogFactory& make)
{
    LogDriver driver{make};
    const LogFilter unknown{{"unheard-of"}};
    const auto feed = driver.log().subscribe_from(Position{0}, unknown);
    for (std::size_t round = 0; round < 3; ++round) {
        const auto batch = driver.next(*feed, 10, milliseconds{20});
        REQUIRE(batch.has_value());
        CHECK(batch->records.empty());
        CHECK(batch->is_caught_up);
        driver.append({"deal", "1"}, 3); // does not match
    }
    const auto appended = driver.append({"unheard-of", "1"}, 1);
    std::vector<std::uint64_t> positions;
    while (positions.empty()) {
        add_all(positions, drain_filtered(driver, *feed, 10));
    }
    CHECK(positions == positions_of(appended));
}

void filtered_pages_hold_what_matches(const LogFactory& make)
{
    LogDriver driver{make};
    std::mt19937_64 random{20'28};
    const auto expected = append_mixture(driver, random, 30, deals_and_agents);
    for (const std::size_t size : {1U, 2U, 7U, 1000U}) {
        INFO("pages of " << size);
        std::vector<std::uint64_t> positions;
        for (Position after;;) {
            const ReadLimits limits{size, 4 << 20};
            const auto page =
                run_task(driver.context(), driver.log().read_from(after, limits, deals_and_agents));
            REQUIRE(page.has_value());
            REQUIRE(page->size() <= size);
            if (page->empty()) {
                break;
            }
            add_all(positions, positions_of(*page));
            after = page->back().position;
        }
        CHECK(positions == expected);
    }
}

void a_filter_of_too_many_stream_types_is_refused(const LogFactory& make)
{
    LogDriver driver{make};
    driver.append({"t1", "1"}, 1);
    LogFilter most;
    for (std::size_t at = 0; at < LogFilter::stream_types_max; ++at) {
        most.stream_types.push_back("t" + std::to_string(at));
    }
    LogFilter more = most;
    more.stream_types.push_back("one-more");

    const auto read_most = [&] { return driver.log().read_from(Position{0}, ReadLimits{}, most); };
    auto read = ask_patiently(driver.context(), read_most);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (read && read->empty() && std::chrono::steady_clock::now() < deadline) {
        read = ask_patiently(driver.context(), read_most); // a replica does not have it yet
    }
    auto reading_more = driver.log().read_from(Position{0}, ReadLimits{}, more);
    const auto refused = run_task(driver.context(), std::move(reading_more));
    const auto feed = driver.log().subscribe_from(Position{0}, more);
    const auto batch = driver.next(*feed, 1, filter_patience);

    REQUIRE(read);
    CHECK(read->size() == 1);
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::malformed);
    REQUIRE(!batch);
    CHECK(batch.error().code == Errc::malformed);
}

constexpr std::array filter_rules_table{
    LogRule{"a filtered feed delivers what matches", a_filtered_feed_delivers_what_matches},
    LogRule{"a filter of too many stream types is refused",
            a_filter_of_too_many_stream_types_is_refused},
    LogRule{"a filtered feed starts anywhere", a_filtered_feed_starts_anywhere},
    LogRule{"a feed of nothing is caught up", a_feed_of_nothing_is_caught_up},
    LogRule{"filtered pages hold what matches", filtered_pages_hold_what_matches},
};

} // namespace

std::span<const LogRule> filter_rules()
{
    return filter_rules_table;
}

} // namespace sealstream::testing
