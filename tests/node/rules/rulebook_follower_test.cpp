#include "core/rules/system_streams.hpp"
#include "node/rules/rulebook_follower.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/lagging_log.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/sample_events.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

const EmissionQuestion issue_from_teg{"TokensIssued", "teg-layer-a", ""};

class FollowerWorld {
public:
    FollowerWorld() = default;
    ~FollowerWorld()
    {
        follower.close();
        const std::chrono::seconds longest{5};
        run_task(context, tasks.wait_idle(longest));
    }

    Position append(const StreamName& stream, std::string type, std::string data)
    {
        Draft draft = sample_draft(++number_);
        draft.type = std::move(type);
        draft.data = std::move(data);
        std::vector<StreamAppend> batch{{stream, {}, {std::move(draft)}}};
        const auto appended = run_task(context, log.append(std::move(batch)));
        REQUIRE(appended.has_value());
        return appended->events.front().position;
    }

    Position edit(const std::optional<EmissionPolicy>& policy)
    {
        return append({std::string{policy_stream_type}, "TokensIssued"},
                      std::string{policy_event_type},
                      edit_data("TokensIssued", std::nullopt, policy));
    }

    Result<RulebookPtr> applied(Position position)
    {
        return run_task(context, follower.applied(position, 5s));
    }

    boost::asio::io_context context{1};
    ManualClock clock;
    MemoryEventLog log{context.get_executor(), clock};
    RulebookFollower follower{context.get_executor(), log, clock, {2, 20ms, 5'000ms}};
    TaskGroup tasks{context.get_executor()};

private:
    std::uint64_t number_{0};
};

const EmissionPolicy registry_only{{"registry-*"}, {}, false};

} // namespace

TEST_CASE("no rules are known before all of them have been read", "[rules]")
{
    FollowerWorld world;
    for (int edits = 0; edits < 7; ++edits) { // more than one batch
        world.edit(registry_only);
        world.append({"deal", "1"}, "Noise", "null");
    }

    const auto before = world.follower.current();
    world.follower.start(world.tasks);
    const auto read = world.applied(Position{});

    REQUIRE(!before);
    CHECK(before.error().code == Errc::unavailable);
    REQUIRE(read.has_value());
    CHECK((*read)->applied == Position{13});
    CHECK_FALSE((*read)->emission.allows(issue_from_teg, UnknownTypes::allow));
}

TEST_CASE("an edit holds as soon as it is applied, and old snapshots stay as they are", "[rules]")
{
    FollowerWorld world;
    world.follower.start(world.tasks);
    const auto empty = world.applied(Position{});
    REQUIRE(empty.has_value());

    const auto strict = world.applied(world.edit(registry_only));
    const auto removed = world.applied(world.edit(std::nullopt));

    REQUIRE(strict.has_value());
    REQUIRE(removed.has_value());
    CHECK((*empty)->emission.allows(issue_from_teg, UnknownTypes::allow));
    CHECK_FALSE((*strict)->emission.allows(issue_from_teg, UnknownTypes::allow));
    CHECK((*removed)->emission.allows(issue_from_teg, UnknownTypes::allow));
    CHECK(world.follower.position() == Position{2});
}

TEST_CASE("waiting for a rule that does not come ends in time", "[rules]")
{
    FollowerWorld world;
    world.follower.start(world.tasks);

    const auto late = run_task(world.context, world.follower.applied(Position{9}, 50ms));

    REQUIRE(!late);
    CHECK(late.error().code == Errc::timed_out);
}

TEST_CASE("rules that may be old are not used", "[rules]")
{
    FollowerWorld world;
    world.follower.start(world.tasks);
    REQUIRE(world.applied(Position{}).has_value());
    CHECK(world.follower.fault().empty());

    world.clock.advance(6s); // nobody turns the loop meanwhile: the log is silent
    const auto stale = world.follower.current();

    REQUIRE(!stale);
    CHECK(stale.error().code == Errc::unavailable);
    CHECK_FALSE(world.follower.fault().empty());
    REQUIRE(world.applied(Position{}).has_value()); // and then it speaks again
}

TEST_CASE("a log that is away for a while costs nothing", "[rules]")
{
    CapturedLog captured;
    FollowerWorld world;
    const auto position = world.edit(registry_only);
    world.log.fail_next_read(Errc::unavailable);
    world.log.fail_next_read(Errc::timed_out);

    world.follower.start(world.tasks);
    const auto read = world.applied(position);

    REQUIRE(read.has_value());
    CHECK(captured.count("rulebook.log_away") == 2);
}

TEST_CASE("a rule that is not understood stops everything", "[rules]")
{
    CapturedLog captured;
    captured.expect("rulebook.not_understood");
    FollowerWorld world;
    world.follower.start(world.tasks);
    REQUIRE(world.applied(world.edit(registry_only)).has_value());

    const auto position = world.append({std::string{policy_stream_type}, "TokensIssued"},
                                       "EventEmissionPolicyRewritten", "null");
    const auto read = world.applied(position);

    REQUIRE(!read);
    CHECK(read.error().code == Errc::unsupported);
    CHECK(world.follower.current().error().code == Errc::unsupported);
    CHECK(captured.unexpected_errors().empty());
}

namespace {

// A follower that reads from a replica, and asks the leader.
struct LaggingWorld {
    ~LaggingWorld()
    {
        follower.close();
        const std::chrono::seconds longest{30};
        run_task(context, tasks.wait_idle(longest));
    }

    Position edit()
    {
        Draft draft = sample_draft(++number);
        draft.type = std::string{policy_event_type};
        draft.data = edit_data("TokensIssued", std::nullopt, registry_only);
        std::vector<StreamAppend> batch{
            {{std::string{policy_stream_type}, "TokensIssued"}, {}, {std::move(draft)}}};
        return run_task(context, log.append(std::move(batch)))->events.front().position;
    }

    // Lets the follower ask and read on for a while.
    void turn()
    {
        context.restart();
        context.run_for(30ms);
    }

    // Whether the permit holds now, asked anew.
    [[nodiscard]] bool holds(const Permit& permit)
    {
        const auto until = (*permit.renew)();
        return until && clock.monotonic() < *until;
    }

    boost::asio::io_context context{1};
    ManualClock clock;
    MemoryEventLog memory{context.get_executor(), clock};
    LaggingLog log{context.get_executor(), memory};
    RulebookFollower follower{context.get_executor(), log, clock, {2, 20ms, 5'000ms, 2ms, 1'000ms}};
    TaskGroup tasks{context.get_executor()};
    std::uint64_t number{0};
};

} // namespace

TEST_CASE("on a replica that is behind, what it has is not taken for all rules", "[rules]")
{
    LaggingWorld world;
    world.edit();
    const Position newest = world.edit();
    world.log.show(Position{1});

    world.follower.start(world.tasks);
    world.turn();
    const auto early = world.follower.current();
    world.log.show(newest);
    const auto complete = run_task(world.context, world.follower.applied(newest, 30s));

    REQUIRE(!early);
    CHECK(early.error().code == Errc::unavailable);
    CHECK(complete.has_value());
}

TEST_CASE("a permit holds while the log's leader says that nothing is newer", "[rules]")
{
    LaggingWorld world;
    const Position first = world.edit();
    world.log.show(first);
    world.follower.start(world.tasks);
    REQUIRE(run_task(world.context, world.follower.applied(first, 30s)).has_value());
    const auto rules = world.follower.now();
    REQUIRE(rules.has_value());
    CHECK(rules->permit.holds_until == world.clock.monotonic() + 1s);

    world.log.is_leaderless = true;
    world.turn();
    world.clock.advance(999ms);
    CHECK(world.holds(rules->permit));
    world.clock.advance(1ms);
    world.turn(); // the replica still answers; nobody knows what it lacks
    CHECK_FALSE(world.holds(rules->permit));
    world.log.is_leaderless = false;
    world.turn();
    CHECK(world.holds(rules->permit));
}

TEST_CASE("a permit ends with the edit that the leader knows of, and for ever when it is applied",
          "[rules]")
{
    LaggingWorld world;
    const Position first = world.edit();
    world.log.show(first);
    world.follower.start(world.tasks);
    REQUIRE(run_task(world.context, world.follower.applied(first, 30s)).has_value());
    const auto rules = world.follower.now();
    REQUIRE(rules.has_value());

    const Position second = world.edit(); // the replica does not have it yet
    world.clock.advance(1s);
    world.turn();
    CHECK_FALSE(world.holds(rules->permit));
    world.log.show(second);
    REQUIRE(run_task(world.context, world.follower.applied(second, 30s)).has_value());

    CHECK((*rules->permit.renew)().error().code == Errc::unavailable);
    CHECK(world.holds(world.follower.now()->permit));
}
