// The contract of EventLog::append when an id comes again: the same answer for the same content,
// never a second event, and a clear refusal for other content.

#include "tests/ports/log_driver.hpp"

#include <algorithm>

namespace sealstream::testing {

namespace {

const StreamName repeat_stream{"deal", "1"};

void a_repeat_answers_with_the_original_places(const LogFactory& make)
{
    LogDriver driver{make};
    const std::vector<StreamAppend> single{{repeat_stream, absent, fresh_drafts(1)}};
    const std::vector<StreamAppend> batch{{repeat_stream, version(1), fresh_drafts(3)},
                                          {{"agent", "1"}, absent, fresh_drafts(2)}};
    const auto first_single = driver.append(single);
    const auto first_batch = driver.append(batch);
    driver.append(repeat_stream, 2);
    const std::uint64_t head = driver.head();

    // Neither condition holds any more, and that does not matter: it has happened.
    const auto second_single = driver.append(single);
    const auto second_batch = driver.append(batch);

    CHECK(second_single.is_repeat);
    CHECK(second_batch.is_repeat);
    CHECK(positions_of(second_single) == positions_of(first_single));
    CHECK(versions_of(second_single) == versions_of(first_single));
    CHECK(positions_of(second_batch) == positions_of(first_batch));
    CHECK(versions_of(second_batch) == versions_of(first_batch));
    CHECK(driver.head() == head);
}

void a_repeat_may_have_another_salt(const LogFactory& make)
{
    LogDriver driver{make};
    Draft draft = fresh_draft();
    const auto first = driver.append({{repeat_stream, any, {draft}}});
    driver.append(repeat_stream, 1);

    fill_random(draft.salt);
    const auto second = driver.append({{repeat_stream, any, {draft}}});

    CHECK(second.is_repeat);
    CHECK(positions_of(second) == positions_of(first));
    CHECK(driver.head() == 2);
}

void repeats_at_the_same_time_make_one_event(const LogFactory& make)
{
    LogDriver driver{make};
    const std::vector<StreamAppend> batch{{repeat_stream, any, fresh_drafts(2)}};
    std::vector<Task<Result<Appended>>> tasks;
    for (std::size_t at = 0; at < 8; ++at) {
        tasks.push_back(driver.log().append(batch));
    }

    const auto answers = run_tasks(driver.context(), std::move(tasks));

    for (const auto& answer : answers) {
        INFO((answer ? "" : describe(answer.error())));
        REQUIRE(answer.has_value());
        CHECK(positions_of(*answer) == counting(1, 2));
    }
    CHECK(driver.head() == 2);
}

void an_id_with_other_content_is_key_reuse(const LogFactory& make)
{
    LogDriver driver{make};
    const auto drafts = fresh_drafts(2);
    driver.append({{repeat_stream, any, drafts}});
    driver.append(repeat_stream, 1);

    std::vector<std::vector<StreamAppend>> reuses;
    const auto reuse = [&reuses, &drafts](const auto& change) {
        Draft changed = drafts.front();
        change(changed);
        reuses.push_back({{repeat_stream, any, {changed}}});
    };
    reuse([](Draft& draft) { draft.data = R"({"other":true})"; });
    reuse([](Draft& draft) { draft.type = "OtherHappened"; });
    reuse([](Draft& draft) { draft.actor = "somebody-else"; });
    reuse([](Draft& draft) { draft.meta = R"({"correlation":"other"})"; });
    reuse([](Draft& draft) { draft.source = "other-service"; });
    reuses.push_back({{{"deal", "2"}, any, {drafts.front()}}});                // another stream
    reuses.push_back({{repeat_stream, any, {drafts.front(), fresh_draft()}}}); // a new one with it
    reuses.push_back({{repeat_stream, any, {fresh_draft(), drafts.back()}}}); // a new one before it

    for (std::size_t at = 0; at < reuses.size(); ++at) {
        INFO("reuse " << at);
        const auto refused = driver.try_append(reuses[at]);
        REQUIRE(!refused);
        CHECK(refused.error().code == Errc::key_reuse);
    }
    CHECK(driver.head() == 3);
    CHECK(driver.stream_head({"deal", "2"}).version.value == 0);
}

void an_id_refused_once_may_come_again(const LogFactory& make)
{
    LogDriver driver{make};
    const auto drafts = fresh_drafts(2);
    const auto refused = driver.try_append({{repeat_stream, present, drafts}});
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::conflict);

    const auto appended = driver.append({{repeat_stream, absent, drafts}});

    CHECK(!appended.is_repeat);
    CHECK(positions_of(appended) == counting(1, 2));
}

void a_log_that_never_forgets_finds_every_id(const LogFactory& make)
{
    LogDriver driver{make};
    const auto drafts = fresh_drafts(2);
    driver.append(repeat_stream, 1);
    driver.append({{repeat_stream, any, drafts}});
    std::vector<EventId> ids{drafts[1].id, fresh_draft().id, drafts[0].id};

    auto asked = driver.log().find_ids(std::move(ids));
    const auto found = run_task(driver.context(), std::move(asked));

    if (driver.log().forgets_ids()) {
        REQUIRE(!found);
        CHECK(found.error().code == Errc::unsupported);
        return;
    }
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    for (const IdPlace& place : *found) {
        CHECK(place.position.value == (place.id == drafts[0].id ? 2 : 3));
    }
}

constexpr std::array repeat_rules_table{
    LogRule{"a repeat answers with the original places", a_repeat_answers_with_the_original_places},
    LogRule{"a repeat may have another salt", a_repeat_may_have_another_salt},
    LogRule{"repeats at the same time make one event", repeats_at_the_same_time_make_one_event},
    LogRule{"an id with other content is key reuse", an_id_with_other_content_is_key_reuse},
    LogRule{"a log that never forgets finds every id", a_log_that_never_forgets_finds_every_id},
    LogRule{"an id that was refused may come again", an_id_refused_once_may_come_again},
};

} // namespace

std::span<const LogRule> repeat_rules()
{
    return repeat_rules_table;
}

} // namespace sealstream::testing
