// The contract of EventLog::append: order, conditions, atomicity, hash chains, appenders at the
// same time.

#include "core/event/stream_chain.hpp"
#include "tests/ports/log_driver.hpp"

#include <algorithm>
#include <set>

namespace sealstream::testing {

namespace {

void an_empty_log_is_empty(const LogFactory& make)
{
    LogDriver driver{make};
    CHECK(driver.head() == 0);
    CHECK(driver.read_from(0).empty());
    CHECK(driver.read_all().empty());
}

void events_come_back_as_appended(const LogFactory& make)
{
    LogDriver driver{make};
    const std::array<StreamName, 2> streams{StreamName{"deal", "1"}, StreamName{"agent", "x"}};
    std::vector<Draft> appended;
    std::vector<Placed> places;
    for (std::size_t round = 0; round < 6; ++round) {
        auto drafts = fresh_drafts(1 + round % 3);
        drafts.front().actor = "someone";
        drafts.front().meta = R"({"correlation":"c-1"})";
        drafts.front().key = "key-" + std::to_string(round);
        drafts.front().time = WallTime{1'766'570'400'123'456'789};
        appended.insert(appended.end(), drafts.begin(), drafts.end());

        const auto answer = driver.append({{streams[round % 2], any, std::move(drafts)}});

        CHECK(!answer.is_repeat);
        places.insert(places.end(), answer.events.begin(), answer.events.end());
    }

    const auto events = driver.read_all();
    REQUIRE(events.size() == appended.size());
    REQUIRE(places.size() == appended.size());
    std::map<StreamName, std::uint64_t> versions;
    for (std::size_t at = 0; at < events.size(); ++at) {
        INFO("event " << at);
        const Event& event = events[at].event;
        CHECK(event.draft == appended[at]);
        CHECK(event.version.value == ++versions[event.stream]);
        CHECK(events[at].ingested.nanoseconds > 0);
        CHECK(places[at].position == events[at].position);
        CHECK(places[at].version == event.version);
        CHECK(places[at].stream == event.stream);
        CHECK(places[at].id == event.draft.id);
    }
    CHECK(driver.head() == events.size());
}

void each_condition_has_a_refusing_neighbour(const LogFactory& make)
{
    struct Row {
        const char* name;
        std::uint64_t events_before;
        Expected expected;
        bool is_met;
    };
    const std::array rows{
        Row{"any, no stream", 0, any, true},
        Row{"any, a stream", 2, any, true},
        Row{"absent, no stream", 0, absent, true},
        Row{"absent, a stream", 1, absent, false},
        Row{"present, a stream", 1, present, true},
        Row{"present, no stream", 0, present, false},
        Row{"version 0, no stream", 0, version(0), true},
        Row{"version 0, a stream", 1, version(0), false},
        Row{"version 1, no stream", 0, version(1), false},
        Row{"version 2 at 2", 2, version(2), true},
        Row{"version 1 at 2", 2, version(1), false},
        Row{"version 3 at 2", 2, version(3), false},
    };
    LogDriver driver{make};
    for (std::size_t at = 0; at < rows.size(); ++at) {
        const Row& row = rows[at];
        INFO(row.name);
        const StreamName stream{"deal", std::to_string(at)};
        if (row.events_before != 0) {
            driver.append(stream, row.events_before);
        }

        const auto appended = driver.try_append({{stream, row.expected, fresh_drafts(1)}});

        CHECK(appended.has_value() == row.is_met);
        if (!appended) {
            CHECK(appended.error().code == Errc::conflict);
        } else {
            CHECK(versions_of(*appended) == std::vector{row.events_before + 1});
        }
        CHECK(driver.stream_head(stream).version.value == row.events_before + (row.is_met ? 1 : 0));
    }
}

void a_conflict_leaves_nothing_behind(const LogFactory& make)
{
    LogDriver driver{make};
    const StreamName good{"deal", "good"};
    const StreamName bad{"deal", "bad"};
    driver.append(bad, 1);

    const auto refused =
        driver.try_append({{good, absent, fresh_drafts(2)}, {bad, absent, fresh_drafts(2)}});

    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::conflict);
    CHECK(driver.head() == 1);
    CHECK(driver.stream_head(good).version.value == 0);
    CHECK(driver.read_stream(good, 0).empty());
    const auto appended =
        driver.append({{good, absent, fresh_drafts(1)}, {bad, version(1), fresh_drafts(1)}});
    CHECK(positions_of(appended) == counting(2, 3));
}

void streams_appended_together_stand_together(const LogFactory& make)
{
    LogDriver driver{make};
    driver.append({"deal", "2"}, 3);

    const auto appended = driver.append({{{"deal", "1"}, absent, fresh_drafts(2)},
                                         {{"deal", "2"}, version(3), fresh_drafts(3)},
                                         {{"agent", "1"}, any, fresh_drafts(1)}});

    CHECK(positions_of(appended) == counting(4, 9));
    CHECK(versions_of(appended) == std::vector<std::uint64_t>{1, 2, 4, 5, 6, 1});
    CHECK(versions_of(driver.read_stream({"deal", "2"}, 0)) == counting(1, 6));
}

void an_append_holds_a_thousand_events(const LogFactory& make)
{
    LogDriver driver{make};
    const StreamName stream{"deal", "1"};

    const auto refused = driver.try_append({{stream, any, fresh_drafts(append_events_max + 1)}});
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::too_large);
    CHECK(driver.head() == 0);

    const auto appended = driver.append(stream, append_events_max);
    CHECK(versions_of(appended) == counting(1, append_events_max));
    CHECK(driver.read_all().size() == append_events_max);
}

void a_crooked_batch_is_malformed(const LogFactory& make)
{
    LogDriver driver{make};
    const StreamName stream{"deal", "1"};
    const Draft draft = fresh_draft();
    const std::vector<std::vector<StreamAppend>> crooked{
        {},
        {{stream, any, {}}},
        {{stream, any, fresh_drafts(1)}, {stream, any, fresh_drafts(1)}},
        {{stream, any, {draft, draft}}},
        {{stream, any, {draft}}, {{"deal", "2"}, any, {draft}}},
    };
    for (const auto& batch : crooked) {
        const auto refused = driver.try_append(batch);
        REQUIRE(!refused);
        CHECK(refused.error().code == Errc::malformed);
    }
    CHECK(driver.head() == 0);
}

void chained_streams_carry_hashes_that_fit(const LogFactory& make)
{
    LogDriver driver{make, ChainPolicy{false, {"agent", "deal"}}};
    const std::array<StreamName, 3> streams{StreamName{"deal", "1"}, StreamName{"deal", "2"},
                                            StreamName{"note", "1"}};
    for (std::size_t round = 0; round < 4; ++round) {
        driver.append({{streams[0], any, fresh_drafts(1 + round)},
                       {streams[1], any, fresh_drafts(1)},
                       {streams[2], any, fresh_drafts(1)}});
        driver.append(streams[1], 2);
    }

    for (const StreamName& stream : {streams[0], streams[1]}) {
        Digest previous = chain_start;
        for (const StoredRecord& record : driver.read_stream(stream, 0)) {
            const Event event = decoded(record).event;
            const auto checked = check_chain(event, previous);
            INFO((checked ? "" : describe(checked.error())));
            REQUIRE(checked.has_value());
            previous = *event.hash;
        }
        CHECK(driver.stream_head(stream).hash == previous);
    }
    for (const StoredRecord& record : driver.read_stream(streams[2], 0)) {
        CHECK(!decoded(record).event.hash.has_value());
    }
}

void appenders_at_the_same_time_all_succeed(const LogFactory& make)
{
    constexpr std::size_t appenders = 64;
    LogDriver driver{make, ChainPolicy{true, {}}};
    const StreamName hot{"deal", "hot"};
    std::vector<Task<Result<Appended>>> tasks;
    for (std::size_t at = 0; at < appenders; ++at) {
        std::vector<StreamAppend> batch{{hot, any, fresh_drafts(1 + at % 2)}};
        tasks.push_back(driver.log().append(std::move(batch)));
    }

    const auto answers = run_tasks(driver.context(), std::move(tasks));

    std::set<std::uint64_t> versions;
    for (const auto& answer : answers) {
        INFO((answer ? "" : describe(answer.error())));
        REQUIRE(answer.has_value());
        for (const Placed& placed : answer->events) {
            versions.insert(placed.version.value);
        }
    }
    const std::uint64_t count = appenders + appenders / 2;
    const auto expected = counting(1, count);
    CHECK(versions == std::set<std::uint64_t>(expected.begin(), expected.end()));
    const auto records = driver.read_stream(hot, 0);
    CHECK(versions_of(records) == expected);
    Digest previous = chain_start;
    for (const StoredRecord& record : records) {
        const Event event = decoded(record).event;
        REQUIRE(check_chain(event, previous).has_value());
        previous = *event.hash;
    }
}

void of_rivals_for_a_version_one_wins(const LogFactory& make)
{
    LogDriver driver{make};
    const StreamName stream{"deal", "contested"};
    for (std::uint64_t round = 0; round < 3; ++round) {
        std::vector<Task<Result<Appended>>> tasks;
        for (std::size_t at = 0; at < 16; ++at) {
            std::vector<StreamAppend> batch{{stream, version(round), fresh_drafts(1)}};
            tasks.push_back(driver.log().append(std::move(batch)));
        }

        const auto answers = run_tasks(driver.context(), std::move(tasks));

        std::size_t winners = 0;
        std::size_t conflicts = 0;
        for (const auto& answer : answers) {
            winners += answer ? 1U : 0U;
            conflicts += !answer && answer.error().code == Errc::conflict ? 1U : 0U;
        }
        CHECK(winners == 1);
        CHECK(conflicts == 15);
        CHECK(driver.stream_head(stream).version.value == round + 1);
    }
}

constexpr std::array append_rules_table{
    LogRule{"an empty log is empty", an_empty_log_is_empty},
    LogRule{"events come back as they were appended", events_come_back_as_appended},
    LogRule{"each condition has a refusing neighbour", each_condition_has_a_refusing_neighbour},
    LogRule{"a conflict leaves nothing behind", a_conflict_leaves_nothing_behind},
    LogRule{"streams appended together stand together", streams_appended_together_stand_together},
    LogRule{"an append holds 1000 events and not one more", an_append_holds_a_thousand_events},
    LogRule{"a crooked batch is malformed", a_crooked_batch_is_malformed},
    LogRule{"chained streams carry hashes that fit", chained_streams_carry_hashes_that_fit},
    LogRule{"64 appenders to one stream all succeed", appenders_at_the_same_time_all_succeed},
    LogRule{"of rivals for a version one wins", of_rivals_for_a_version_one_wins},
};

} // namespace

std::span<const LogRule> append_rules()
{
    return append_rules_table;
}

} // namespace sealstream::testing
