// The contract of feeds: one sequence from anywhere, without gap or double, while others append.

#include "tests/ports/log_driver.hpp"

#include <algorithm>

namespace sealstream::testing {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds patience{10'000}; // for what must come; far above what it takes

const StreamName stream{"deal", "1"};

// Takes batches until the feed says that it is caught up; their positions.
std::vector<std::uint64_t> drain(LogDriver& driver, Feed& feed, std::size_t events_max,
                                 milliseconds wait)
{
    std::vector<std::uint64_t> positions;
    while (true) {
        const auto batch = driver.next(feed, events_max, wait);
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

void append_to(std::vector<std::uint64_t>& to, const std::vector<std::uint64_t>& more)
{
    to.insert(to.end(), more.begin(), more.end());
}

void a_feed_delivers_all_that_follows(const LogFactory& make)
{
    LogDriver driver{make};
    driver.append(stream, 50);
    for (const std::uint64_t after : {0U, 1U, 25U, 49U, 50U}) {
        INFO("after " << after);
        const std::uint64_t head = driver.head();
        const auto feed = driver.log().subscribe_from(Position{after});
        std::vector<std::uint64_t> positions;
        if (after < head) {
            append_to(positions, drain(driver, *feed, 7, patience));
        }
        driver.append(stream, 5);
        while (positions.size() < head + 5 - after) {
            append_to(positions, drain(driver, *feed, 7, patience));
        }
        CHECK(positions == counting(after + 1, head + 5));
    }
}

void nothing_is_lost_between_catching_up_and_following(const LogFactory& make)
{
    LogDriver driver{make};
    driver.append(stream, 100);
    const auto feed = driver.log().subscribe_from(Position{0});
    std::vector<std::uint64_t> positions;
    for (std::size_t round = 0; round < 30; ++round) {
        const auto batch = driver.next(*feed, 9, patience);
        REQUIRE(batch.has_value());
        append_to(positions, positions_of(batch->records));
        driver.append(stream, 1 + round % 3);
    }
    while (positions.size() < 160) {
        append_to(positions, drain(driver, *feed, 9, patience));
    }
    CHECK(positions == counting(1, 160));
}

void a_record_is_the_same_in_a_feed(const LogFactory& make)
{
    LogDriver driver{make};
    driver.append(stream, 5);
    const auto whole = driver.read_from(0);
    const auto feed = driver.log().subscribe_from(Position{0});
    std::vector<StoredRecord> fed;
    while (fed.size() < whole.size()) {
        auto batch = driver.next(*feed, 100, patience);
        REQUIRE(batch.has_value());
        fed.insert(fed.end(), batch->records.begin(), batch->records.end());
    }
    for (std::size_t at = 0; at < whole.size(); ++at) {
        CHECK(fed[at].record == whole[at].record);
        CHECK(fed[at].ingested == whole[at].ingested);
    }
}

void a_quiet_feed_is_caught_up_and_empty(const LogFactory& make)
{
    LogDriver driver{make};
    driver.append(stream, 2);
    const auto feed = driver.log().subscribe_from(Position{2});
    for (const milliseconds wait : {milliseconds{0}, milliseconds{30}}) {
        const auto batch = driver.next(*feed, 10, wait);
        REQUIRE(batch.has_value());
        CHECK(batch->records.empty());
        CHECK(batch->is_caught_up);
    }
    driver.append(stream, 1);
    CHECK(drain(driver, *feed, 10, patience) == counting(3, 3));
}

Task<Result<std::size_t>> wait_for_one(Feed& feed)
{
    const auto batch = co_await feed.next(10, patience);
    if (!batch) {
        co_return batch.error();
    }
    co_return batch->records.size();
}

Task<Result<std::size_t>> append_one(EventLog& log)
{
    std::vector<StreamAppend> batch{{stream, any, fresh_drafts(1)}};
    const auto appended = co_await log.append(std::move(batch));
    if (!appended) {
        co_return appended.error();
    }
    co_return appended->events.size();
}

Task<Result<std::size_t>> close_feed(Feed& feed)
{
    feed.close();
    co_return std::size_t{0};
}

void a_waiting_feed_wakes_up(const LogFactory& make)
{
    LogDriver driver{make};
    const auto feed = driver.log().subscribe_from(Position{0});
    const auto begin = std::chrono::steady_clock::now();
    std::vector<Task<Result<std::size_t>>> tasks;
    tasks.push_back(wait_for_one(*feed));
    tasks.push_back(append_one(driver.log()));

    const auto answers = run_tasks(driver.context(), std::move(tasks));

    REQUIRE(answers[1].has_value());
    REQUIRE(answers[0].has_value());
    CHECK(*answers[0] == 1);
    CHECK(std::chrono::steady_clock::now() - begin < patience);
}

void feeds_do_not_disturb_each_other(const LogFactory& make)
{
    LogDriver driver{make};
    driver.append(stream, 20);
    const auto slow = driver.log().subscribe_from(Position{0});
    const auto quick = driver.log().subscribe_from(Position{10});
    const auto first = driver.next(*slow, 3, patience);
    REQUIRE(first.has_value());
    std::vector<std::uint64_t> positions = positions_of(first->records);
    CHECK(drain(driver, *quick, 4, patience) == counting(11, 20));
    quick->close();
    append_to(positions, drain(driver, *slow, 4, patience));
    CHECK(positions == counting(1, 20));
}

// Larger than what one page, or one pull of a feed, brings (small in the adapters' tests).
void an_event_larger_than_a_page_comes_all_the_same(const LogFactory& make)
{
    LogDriver driver{make};
    const auto large = [] {
        Draft draft = fresh_draft();
        draft.data = "\"" + std::string(700'000, 'x') + "\"";
        return std::vector<Draft>{draft};
    };
    driver.append(stream, 3);
    driver.append({{stream, any, large()}});
    driver.append({{stream, any, large()}});
    driver.append(stream, 2);
    const auto feed = driver.log().subscribe_from(Position{0});
    const auto filtered = driver.log().subscribe_from(Position{0}, LogFilter{{stream.type}});
    CHECK(drain(driver, *feed, 4, patience) == counting(1, 7));
    CHECK(drain(driver, *filtered, 4, patience) == counting(1, 7));
    driver.append({{stream, any, large()}});
    driver.append(stream, 1);
    std::vector<std::uint64_t> live;
    while (live.size() < 2) {
        append_to(live, drain(driver, *feed, 4, patience));
    }
    CHECK(live == counting(8, 9));

    const ReadLimits small{100, 64 << 10};
    std::vector<std::uint64_t> of_log;
    std::vector<std::uint64_t> of_type;
    std::vector<std::uint64_t> of_stream;
    for (std::size_t pages = 0; pages < 9; ++pages) {
        append_to(of_log, positions_of(driver.read_from(of_log.size(), small)));
        append_to(of_stream, versions_of(driver.read_stream(stream, of_stream.size(), small)));
        const Position after{of_type.empty() ? 0 : of_type.back()};
        const LogFilter type{{stream.type}};
        const auto matching =
            run_task(driver.context(), driver.log().read_from(after, small, type));
        REQUIRE(matching);
        append_to(of_type, positions_of(*matching));
    }
    CHECK(of_log == counting(1, 9));
    CHECK(of_stream == counting(1, 9));
    CHECK(of_type == counting(1, 9));
}

void a_closed_feed_says_so(const LogFactory& make)
{
    LogDriver driver{make};
    driver.append(stream, 1);
    const auto feed = driver.log().subscribe_from(Position{1});
    std::vector<Task<Result<std::size_t>>> tasks;
    tasks.push_back(wait_for_one(*feed));
    tasks.push_back(close_feed(*feed));

    const auto answers = run_tasks(driver.context(), std::move(tasks));

    REQUIRE(!answers[0]);
    CHECK(answers[0].error().code == Errc::shutting_down);
    const auto later = driver.next(*feed, 10, patience);
    REQUIRE(!later);
    CHECK(later.error().code == Errc::shutting_down);
    CHECK(driver.head() == 1); // the log goes on
}

constexpr std::array feed_rules_table{
    LogRule{"a feed from anywhere delivers all that follows", a_feed_delivers_all_that_follows},
    LogRule{"nothing is lost between catching up and following",
            nothing_is_lost_between_catching_up_and_following},
    LogRule{"a record is the same in a feed", a_record_is_the_same_in_a_feed},
    LogRule{"a quiet feed is caught up and empty", a_quiet_feed_is_caught_up_and_empty},
    LogRule{"a waiting feed wakes up", a_waiting_feed_wakes_up},
    LogRule{"feeds do not disturb each other", feeds_do_not_disturb_each_other},
    LogRule{"an event larger than a page comes all the same",
            an_event_larger_than_a_page_comes_all_the_same},
    LogRule{"a closed feed says so", a_closed_feed_says_so},
};

} // namespace

std::span<const LogRule> feed_rules()
{
    return feed_rules_table;
}

} // namespace sealstream::testing
