// The plan of one transaction of appends, without a database.

#include "postgres/append_batch.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

#include <map>

namespace sealstream {

namespace {

using testing::sample_draft;

const RecordCodec& json = codec(CodecKind::canonical_json);
const StreamName first{"deal", "1"};
const StreamName second{"deal", "2"};

AppendRequest request(const StreamName& stream, std::vector<std::uint64_t> numbers,
                      Expected expected = {})
{
    StreamAppend append{stream, expected, {}};
    for (const auto number : numbers) {
        append.drafts.push_back(sample_draft(number));
    }
    return AppendRequest{{append}};
}

Errc code_of(const Result<Appended>& answer)
{
    return answer ? Errc{} : answer.error().code;
}

// What the database would say after `plan` was committed on `state`.
LogState after(LogState state, const AppendPlan& plan)
{
    for (const NewRecord& record : plan.records) {
        state.head = record.placed.position;
        state.events[record.placed.id] = {record.placed, record.record};
        state.streams[record.placed.stream] = {record.placed.version, record.placed.position,
                                               record.hash.value_or(Digest{})};
    }
    return state;
}

} // namespace

TEST_CASE("requests of one transaction follow each other without a gap", "[postgres]")
{
    LogState state;
    state.head = Position{10};
    state.streams[first] = {Version{3}, Position{7}, {}};

    const auto plan = plan_appends(
        {request(first, {1, 2}), request(second, {3}), request(first, {4})}, state, {}, json);

    REQUIRE(plan.records.size() == 4);
    REQUIRE(plan.answers.size() == 3);
    CHECK(plan.answers[0]->events[1].position == Position{12});
    CHECK(plan.answers[0]->events[1].version == Version{5});
    CHECK(plan.answers[1]->events[0].position == Position{13});
    CHECK(plan.answers[1]->events[0].version == Version{1});
    CHECK(plan.answers[2]->events[0].position == Position{14});
    CHECK(plan.answers[2]->events[0].version == Version{6});
}

TEST_CASE("a refused request leaves no mark on those after it", "[postgres]")
{
    const Expected absent{Expected::Kind::absent, {}};

    const auto plan = plan_appends(
        {request(first, {1}, absent), request(first, {2}, absent), request(first, {3})}, {}, {},
        json);

    CHECK(plan.answers[0].has_value());
    CHECK(code_of(plan.answers[1]) == Errc::conflict);
    REQUIRE(plan.answers[2]);
    CHECK(plan.answers[2]->events[0].version == Version{2});
    CHECK(plan.records.size() == 2);
}

TEST_CASE("a request is taken whole or not at all", "[postgres]")
{
    auto both = request(first, {1});
    both.appends.push_back(request(second, {2}, {Expected::Kind::present, {}}).appends.front());

    const auto plan = plan_appends({both}, {}, {}, json);

    CHECK(code_of(plan.answers[0]) == Errc::conflict);
    CHECK(plan.records.empty());
}

TEST_CASE("the same request twice in one transaction is written once", "[postgres]")
{
    const auto plan = plan_appends({request(first, {1, 2}), request(first, {1, 2})}, {}, {}, json);

    REQUIRE(plan.answers[1]);
    CHECK(plan.answers[1]->is_repeat);
    CHECK(plan.answers[1]->events[1].position == Position{2});
    CHECK(plan.records.size() == 2);
}

TEST_CASE("half of a request in the log is no repeat", "[postgres]")
{
    const auto plan = plan_appends({request(first, {1}), request(first, {1, 2})}, {}, {}, json);

    CHECK(code_of(plan.answers[1]) == Errc::key_reuse);
    CHECK(plan.records.size() == 1);
}

TEST_CASE("an id with other content, or in another stream, is key reuse", "[postgres]")
{
    auto other = request(first, {1});
    other.appends.front().drafts.front().data = "{\"other\":1}";

    const auto plan =
        plan_appends({request(first, {1}), other, request(second, {1})}, {}, {}, json);

    CHECK(code_of(plan.answers[1]) == Errc::key_reuse);
    CHECK(code_of(plan.answers[2]) == Errc::key_reuse);
}

TEST_CASE("a stored record that does not decode is corrupt, not new", "[postgres]")
{
    LogState state;
    const EventId id = sample_draft(1).id;
    state.events[id] = {Placed{id, first, Position{1}, Version{1}}, to_bytes("{")};

    const auto plan = plan_appends({request(first, {1})}, state, {}, json);

    CHECK(code_of(plan.answers[0]) == Errc::corrupt);
}

TEST_CASE("a check sees what earlier requests of the transaction have done", "[postgres]")
{
    auto written = request(first, {1});
    auto allowed = request(second, {2});
    allowed.checks.push_back({first, {Expected::Kind::version, Version{1}}});
    auto refused = request({"deal", "3"}, {3});
    refused.checks.push_back({second, {Expected::Kind::absent, {}}});

    const auto plan = plan_appends({written, allowed, refused}, {}, {}, json);

    CHECK(plan.answers[0]);
    CHECK(plan.answers[1]);
    CHECK(code_of(plan.answers[2]) == Errc::conflict);
    CHECK(plan.records.size() == 2);
}

TEST_CASE("however requests are grouped into transactions, the records are the same", "[postgres]")
{
    auto random = testing::random_generator(81);
    const ChainPolicy chain{true, {}};
    for (int round = 0; round < 100; ++round) {
        std::vector<AppendRequest> requests;
        for (int count = 0; count < 20; ++count) {
            const StreamName& stream = random() % 2 == 0 ? first : second;
            const Expected expected = random() % 3 == 0
                                          ? Expected{Expected::Kind::version, Version{random() % 6}}
                                          : Expected{};
            requests.push_back(request(stream, {random() % 30}, expected));
        }
        const auto together = plan_appends(requests, {}, chain, json);

        std::vector<NewRecord> alone;
        LogState state;
        for (std::size_t at = 0; at < requests.size(); ++at) {
            const auto one = plan_appends({requests[at]}, state, chain, json);
            REQUIRE(code_of(one.answers[0]) == code_of(together.answers[at]));
            state = after(state, one);
            alone.insert(alone.end(), one.records.begin(), one.records.end());
        }

        REQUIRE(alone.size() == together.records.size());
        for (std::size_t at = 0; at < alone.size(); ++at) {
            REQUIRE(alone[at].record == together.records[at].record);
            REQUIRE(alone[at].placed.position == together.records[at].placed.position);
        }
    }
}

} // namespace sealstream
