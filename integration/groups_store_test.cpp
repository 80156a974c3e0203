// Groups on a real Postgres, on a log in memory: what happens between two calls.

#include "integration/support/postgres_home.hpp"
#include "postgres/groups/group_jobs.hpp"
#include "postgres/groups/postgres_consumer_groups.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_event_log.hpp"
#include "tests/support/sample_events.hpp"

#include <thread>

namespace sealstream::groups_store_test {

namespace {

using testing::has_no_postgres;

constexpr std::size_t claim_bytes_max = 4'000; // a few of the sample events

class GroupsHome {
public:
    explicit GroupsHome(testing::PostgresServer& server = testing::shared_server()) : home{server}
    {
    }

    void append(const std::string& stream, std::size_t data_bytes = 0)
    {
        StreamAppend append;
        append.stream = StreamName{"deal", stream};
        append.drafts.push_back(testing::sample_draft(++events_));
        if (data_bytes != 0) {
            append.drafts.back().data = '"' + std::string(data_bytes, 'x') + '"';
        }
        std::vector<StreamAppend> batch;
        batch.push_back(std::move(append));
        REQUIRE(home.run(log.append(std::move(batch))));
    }

    void put(GroupFilter filter = {})
    {
        REQUIRE(home.run(groups.put(definition(std::move(filter)))));
    }

    Result<GroupClaim> claim(std::size_t events_max = 100,
                             std::optional<std::chrono::milliseconds> lease = std::nullopt)
    {
        return home.run(groups.claim("workers", events_max, lease));
    }

    Result<std::size_t> acknowledge(GroupToken token)
    {
        return home.run(groups.acknowledge("workers", token, std::nullopt));
    }

    static GroupDefinition definition(GroupFilter filter)
    {
        return {"workers", std::move(filter), Position{}, std::chrono::minutes{1}, 2};
    }

    testing::PostgresHome home;
    SystemClock clock;
    testing::MemoryEventLog log{home.context.get_executor(), clock};
    PostgresConsumerGroups groups{GroupsOptions{"main", {4, 6, claim_bytes_max}}, log, home.pool,
                                  home.threads};
    const GroupKey key{GroupsOptions{}.ledger, "workers"};

private:
    std::uint64_t events_{0};
};

} // namespace

TEST_CASE("a token of a group that was removed settles nothing of the next one of that name",
          "[groups]")
{
    if (has_no_postgres()) {
        return;
    }
    GroupsHome at;
    at.append("1");
    at.put();
    const auto first = at.claim();
    REQUIRE(first);
    REQUIRE(at.home.run(at.groups.remove("workers")));
    at.put();

    const auto second = at.claim();

    REQUIRE(second);
    REQUIRE(second->events.size() == 1);
    CHECK(second->token > first->token);
    const auto stale = at.acknowledge(first->token);
    REQUIRE(!stale);
    CHECK(stale.error().code == Errc::refused);
    const auto settled = at.acknowledge(second->token);
    REQUIRE(settled);
    CHECK(*settled == 1);
}

TEST_CASE("a parked stream stops its group only beyond its own bound", "[groups]")
{
    if (has_no_postgres()) {
        return;
    }
    GroupsHome at; // 4 events may wait, and 6 more behind parked streams
    at.append("bad");
    at.put();
    for (int delivery = 0; delivery < 2; ++delivery) {
        const auto bad = at.claim();
        REQUIRE(bad);
        REQUIRE(at.home.run(at.groups.give_back("workers", bad->token, {})));
    }
    REQUIRE(at.home.run(at.groups.parked("workers"))->size() == 1);
    for (int number = 0; number < 6; ++number) {
        at.append("bad");
    }
    at.append("good");

    const auto claimed = at.claim();
    REQUIRE(claimed);
    REQUIRE(claimed->events.size() == 1); // with seven events behind the parked stream
    CHECK(claimed->events.front().event.event.stream.id == "good");
    CHECK(!at.home.run(at.groups.get("workers"))->is_full);
    REQUIRE(at.acknowledge(claimed->token));

    for (int number = 0; number < 4; ++number) {
        at.append("bad");
    }
    at.append("good");
    REQUIRE(at.claim()); // takes in all of these
    CHECK(at.home.run(at.groups.get("workers"))->is_full);
    at.append("late");
    const auto late = at.claim();
    REQUIRE(late);
    CHECK(late->events.empty());

    REQUIRE(at.home.run(at.groups.unpark("workers", StreamName{"deal", "bad"}, true)));
    const auto freed = at.claim();
    REQUIRE(freed);
    CHECK(!freed->events.empty());
}

TEST_CASE("events that nobody takes stop the reading at their bound, and nothing is lost",
          "[groups]")
{
    if (has_no_postgres()) {
        return;
    }
    GroupsHome at;
    at.put();
    std::vector<Position> seen;
    for (int number = 0; number < 30; ++number) {
        at.append(std::to_string(number));
    }
    for (int round = 0; round < 100 && seen.size() < 30; ++round) {
        const auto claimed = at.claim(2);
        REQUIRE(claimed);
        for (const auto& event : claimed->events) {
            seen.push_back(event.event.position);
        }
        REQUIRE(at.acknowledge(claimed->token));
    }
    CHECK(seen.size() == 30);
    CHECK(std::is_sorted(seen.begin(), seen.end()));
}

TEST_CASE("a claim that the log fails is no delivery, and parks nothing", "[groups][fault]")
{
    if (has_no_postgres()) {
        return;
    }
    GroupsHome at;
    at.append("1");
    at.append("2");
    at.put();
    REQUIRE(at.claim(1));
    for (int tries = 0; tries < 3; ++tries) { // a stream is parked after two deliveries
        at.log.fail_next_read(Errc::unavailable);
        const auto failed = at.claim();
        REQUIRE(!failed);
        CHECK(failed.error().code == Errc::unavailable);
    }

    const auto claimed = at.claim();

    REQUIRE(claimed);
    REQUIRE(claimed->events.size() == 1);
    CHECK(claimed->events.front().delivery == 1);
    const auto settled = at.acknowledge(claimed->token);
    REQUIRE(settled);
    CHECK(*settled == 1);
}

TEST_CASE("a claim that the log and then Postgres fail is given again when its lease runs out",
          "[groups][fault]")
{
    if (has_no_postgres()) {
        return;
    }
    testing::PostgresServer server{{true, {}}}; // it loses nothing when it is killed
    GroupsHome at{server};
    at.append("1");
    at.append("2");
    at.put();
    REQUIRE(at.claim(1)); // the group has read the log now

    at.log.fail_next_read(Errc::unavailable, [&server] { server.kill(); });
    const auto failed = at.claim(100, std::chrono::seconds{2});
    server.start();
    auto claimed = at.claim();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while ((!claimed || claimed->events.empty()) && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        claimed = at.claim();
    }

    REQUIRE(!failed);
    CHECK(failed.error().code == Errc::unavailable);
    REQUIRE(claimed);
    REQUIRE(claimed->events.size() == 1);
    CHECK(claimed->events.front().delivery == 2); // nobody could say that it was not delivered
    const auto settled = at.acknowledge(claimed->token);
    REQUIRE(settled);
    CHECK(*settled == 1);
}

TEST_CASE("a claim of many bytes is shorter, and what it leaves is claimed next", "[groups]")
{
    if (has_no_postgres()) {
        return;
    }
    GroupsHome at;
    for (const char* const stream : {"large", "1", "2", "1"}) {
        at.append(stream, stream == std::string{"large"} ? claim_bytes_max : claim_bytes_max / 3);
    }
    at.put();
    std::vector<std::vector<std::uint64_t>> claims;

    for (auto left = at.claim(); left && left->token != 0; left = at.claim()) {
        claims.emplace_back();
        for (const auto& delivered : left->events) {
            CHECK(delivered.delivery == 1);
            claims.back().push_back(delivered.event.position.value);
        }
        const auto settled = at.acknowledge(left->token); // all that the consumer has seen
        REQUIRE(settled);
        CHECK(*settled == left->events.size());
    }

    CHECK(claims == std::vector<std::vector<std::uint64_t>>{{1}, {2, 3}, {4}});
}

TEST_CASE("what a filter lets through that was changed while the log was read is not passed over",
          "[groups]")
{
    if (has_no_postgres()) {
        return;
    }
    GroupsHome at;
    GroupFilter others;
    others.stream_types = {"account"};
    at.put(others);
    auto lease = at.home.pool.lend();
    const auto looked = read_group(**lease, at.key);
    REQUIRE(looked);
    at.put();
    at.append("1");

    REQUIRE(take_in(**lease, at.key, *looked, Position{1}, {}));

    const auto claimed = at.claim();
    REQUIRE(claimed);
    CHECK(claimed->events.size() == 1);
}

} // namespace sealstream::groups_store_test
