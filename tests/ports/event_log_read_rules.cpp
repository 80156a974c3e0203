// The contract of reading an EventLog, of names, and of its end.

#include "core/event/stream_chain.hpp"
#include "tests/ports/log_driver.hpp"

#include <algorithm>

namespace sealstream::testing {

namespace {

constexpr std::size_t no_limit = 1U << 30U; // bytes

void pages_of_any_size_give_the_same_log(const LogFactory& make)
{
    LogDriver driver{make};
    for (std::size_t round = 0; round < 5; ++round) {
        driver.append({"deal", std::to_string(round % 2)}, 1 + round);
    }
    const auto whole = driver.read_from(0);
    REQUIRE(whole.size() == 15);
    for (const ReadLimits limits :
         {ReadLimits{1, no_limit}, ReadLimits{4, no_limit}, ReadLimits{15, no_limit},
          ReadLimits{16, no_limit}, ReadLimits{1000, 700}}) {
        INFO(limits.events_max << " events, " << limits.bytes_max << " bytes");
        std::vector<std::uint64_t> positions;
        bool are_same = true;
        while (true) {
            const auto page = driver.read_from(positions.size(), limits);
            if (page.empty()) {
                break;
            }
            REQUIRE(page.size() <= limits.events_max);
            for (const StoredRecord& record : page) {
                positions.push_back(record.position.value);
                are_same = are_same && record.record == whole.at(positions.size() - 1).record;
            }
        }
        CHECK(positions == counting(1, 15));
        CHECK(are_same);
    }
}

void a_page_keeps_its_bytes_but_holds_one(const LogFactory& make)
{
    LogDriver driver{make};
    const StreamName stream{"deal", "1"};
    driver.append(stream, 6);
    const auto whole = driver.read_from(0);
    const std::size_t two = whole.at(0).record.size() + whole.at(1).record.size();

    // An adapter may count its own frame around a record too, so it may hold fewer, never more.
    const auto page = driver.read_from(0, {100, two});
    CHECK(page.size() >= 1);
    CHECK(page.size() <= 2);
    CHECK(positions_of(driver.read_from(0, {100, 1})) == counting(1, 1));
    CHECK(positions_of(driver.read_from(3, {100, 1})) == counting(4, 4));
    CHECK(versions_of(driver.read_stream(stream, 2, {100, 1})) == counting(3, 3));
}

void large_events_survive(const LogFactory& make)
{
    LogDriver driver{make};
    std::vector<Draft> drafts = fresh_drafts(5);
    for (std::size_t at = 0; at < drafts.size(); ++at) {
        drafts[at].data = '"' + std::string(40'000 * (at + 1), static_cast<char>('a' + at)) + '"';
    }
    driver.append({{{"deal", "1"}, any, drafts}});
    const auto events = driver.read_all();
    REQUIRE(events.size() == drafts.size());
    for (std::size_t at = 0; at < drafts.size(); ++at) {
        CHECK(events[at].event.draft == drafts[at]);
    }
}

void a_stream_is_read_from_any_version(const LogFactory& make)
{
    LogDriver driver{make};
    const StreamName stream{"deal", "1"};
    for (std::size_t round = 0; round < 4; ++round) {
        driver.append(stream, 2);
        driver.append({"deal", "2"}, 3);
    }
    for (std::uint64_t after = 0; after <= 8; ++after) {
        CHECK(versions_of(driver.read_stream(stream, after)) == counting(after + 1, 8));
    }
    CHECK(versions_of(driver.read_stream(stream, 2, {3, no_limit})) == counting(3, 5));
    CHECK(driver.read_stream(stream, 9).empty());
    CHECK(driver.read_stream({"deal", "none"}, 0).empty());
    for (const StoredRecord& record : driver.read_stream(stream, 0)) {
        CHECK(decoded(record).event.stream == stream);
    }
}

void the_head_of_a_stream_is_its_newest_event(const LogFactory& make)
{
    LogDriver driver{make, ChainPolicy{true, {}}};
    const StreamName stream{"deal", "1"};
    const StreamHead none = driver.stream_head(stream);
    CHECK(none.version.value == 0);
    CHECK(none.position.value == 0);
    CHECK(none.hash == chain_start);

    for (std::size_t round = 0; round < 3; ++round) {
        const auto appended = driver.append(stream, 2);
        driver.append({"deal", "2"}, 1);
        const StreamHead head = driver.stream_head(stream);
        CHECK(head.version == appended.events.back().version);
        CHECK(head.position == appended.events.back().position);
        CHECK(head.hash ==
              *decoded(driver.read_stream(stream, head.version.value - 1).at(0)).event.hash);
    }
}

void reading_past_the_end_is_empty(const LogFactory& make)
{
    LogDriver driver{make};
    driver.append({"deal", "1"}, 3);
    CHECK(driver.read_from(3).empty());
    CHECK(driver.read_from(4).empty());
    CHECK(driver.read_from(1'000'000).empty());
}

void odd_stream_ids_are_told_apart(const LogFactory& make)
{
    const std::vector<std::string> ids{
        "a",
        "A",
        "a.b",
        "a/b",
        "a%2fb",
        "a%2Fb",
        "a b",
        "a_b",
        "a=b",
        "*",
        ">",
        ".",
        "..",
        "a..b",
        ".a",
        "a.",
        " ",
        "%",
        "$",
        "_",
        "=",
        "did:web:example.com:user:7",
        "\xc3\xa9",
        "e\xcc\x81", // the same letter to the eye, other bytes
        "\xe2\x82\xac/\xf0\x9f\x98\x80",
        "'; drop table events; --",
        "\\x00",
        R"({"a":"b"})",
        std::string(255, 'x'),
        std::string(256, 'x'),
        std::string(256, '.'),
        std::string(255, 'x') + "y",
    };
    LogDriver driver{make};
    for (std::size_t at = 0; at < ids.size(); ++at) {
        INFO(ids[at]);
        const StreamName stream{"deal", ids[at]};
        const auto appended = driver.try_append({{stream, absent, fresh_drafts(1 + at % 2)}});
        INFO((appended ? "" : describe(appended.error())));
        REQUIRE(appended.has_value());
    }
    // And the same ids under another type are other streams.
    driver.append(
        {{{"deal-2", "a"}, absent, fresh_drafts(1)}, {{"deal_2", "a"}, absent, fresh_drafts(1)}});
    for (std::size_t at = 0; at < ids.size(); ++at) {
        INFO(ids[at]);
        const StreamName stream{"deal", ids[at]};
        const auto records = driver.read_stream(stream, 0);
        CHECK(versions_of(records) == counting(1, 1 + at % 2));
        CHECK(decoded(records.at(0)).event.stream == stream);
        CHECK(driver.stream_head(stream).version.value == 1 + at % 2);
    }
}

void a_log_tells_what_it_is(const LogFactory& make)
{
    LogDriver driver{make};
    const std::string incarnation = driver.log().incarnation();
    CHECK(!incarnation.empty());
    driver.append({"deal", "1"}, 1);
    CHECK(driver.log().incarnation() == incarnation);
    CHECK(!driver.log().durability().name.empty());
    CHECK(driver.log().durability().replicas >= 1);

    LogDriver other{make};
    other.append({"deal", "1"}, 1);
    CHECK(driver.head() == 1);
    CHECK(other.head() == 1);
}

void a_closed_log_says_so(const LogFactory& make)
{
    LogDriver driver{make};
    const StreamName stream{"deal", "1"};
    driver.append(stream, 1);
    const auto feed = driver.log().subscribe_from(Position{1});

    driver.log().close();

    const auto check = [](const auto& result) {
        REQUIRE(!result.has_value());
        CHECK(result.error().code == Errc::shutting_down);
    };
    check(driver.try_append({{stream, any, fresh_drafts(1)}}));
    check(run_task(driver.context(), driver.log().read_from(Position{0}, ReadLimits{})));
    check(run_task(driver.context(), driver.log().read_stream(stream, Version{0}, ReadLimits{})));
    check(run_task(driver.context(), driver.log().stream_head(stream)));
    check(run_task(driver.context(), driver.log().head()));
    check(driver.next(*feed, 10, std::chrono::milliseconds{10'000}));
}

constexpr std::array read_rules_table{
    LogRule{"pages of any size give the same log", pages_of_any_size_give_the_same_log},
    LogRule{"a page keeps its bytes, but holds at least one", a_page_keeps_its_bytes_but_holds_one},
    LogRule{"large events survive", large_events_survive},
    LogRule{"a stream is read from any version", a_stream_is_read_from_any_version},
    LogRule{"the head of a stream is its newest event", the_head_of_a_stream_is_its_newest_event},
    LogRule{"reading past the end is empty", reading_past_the_end_is_empty},
    LogRule{"odd stream ids are told apart", odd_stream_ids_are_told_apart},
    LogRule{"a log tells what it is", a_log_tells_what_it_is},
    LogRule{"a closed log says so", a_closed_log_says_so},
};

} // namespace

std::span<const LogRule> read_rules()
{
    return read_rules_table;
}

} // namespace sealstream::testing
