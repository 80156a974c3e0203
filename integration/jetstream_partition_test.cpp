// What a log says whose server leads the stream and is parted from the other two, who elect another
// leader. Its clients hear of it what was true before; none of that may become an answer.

#include "integration/support/jetstream_under_test.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

namespace jetstream_partition_test {

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

AppendRequest one_event(std::uint64_t number, Expected expected)
{
    return {{StreamAppend{{"deal", "1"}, expected, {sample_draft(number)}}}};
}

Expected at_version(std::uint64_t version)
{
    return {Expected::Kind::version, Version{version}};
}

// Three servers, of which one leads the log of this test; a log with each side.
class World {
public:
    World()
    {
        auto options = shared_options();
        JetStreamUnderTest first{servers, options};
        lone = servers.wait_for_leader_of("EV_parted");
        options.append_timeout = 4s;
        alone = std::make_unique<JetStreamUnderTest>(servers.url(lone), options);
        options.append_timeout = 30s; // long enough for an election
        others = std::make_unique<JetStreamUnderTest>(servers.url((lone + 1) % 3), options);
        for (std::uint64_t number = 1; number <= 3; ++number) {
            REQUIRE(append(*alone, one_event(number, at_version(number - 1))));
        }
    }

    static Result<Appended> append(JetStreamUnderTest& home, AppendRequest request)
    {
        return run_task(home.context(), home.log().append(std::move(request)));
    }
    static Result<Position> head(JetStreamUnderTest& home)
    {
        return run_task(home.context(), home.log().head());
    }

    NatsServers servers{NatsOptions{3, false, "1GB", {}, true}};
    std::size_t lone{0}; // leads the log until it is parted
    std::unique_ptr<JetStreamUnderTest> alone;
    std::unique_ptr<JetStreamUnderTest> others;

    static jetstream::EventLogOptions shared_options()
    {
        jetstream::EventLogOptions options;
        options.ledger = "parted";
        options.replicas = 3;
        options.acknowledge_timeout = 1s;
        options.request_timeout = 2s;
        return options;
    }
};

bool is_doubt(Errc code)
{
    return code == Errc::unavailable || code == Errc::timed_out || code == Errc::outcome_unknown;
}

} // namespace

TEST_CASE("a leader that is alone is believed in nothing that it may have missed",
          "[jetstream][cluster]")
{
    if (is_skipped()) {
        return;
    }
    const Partition how = GENERATE(Partition::cut, Partition::silent);
    World world;
    world.servers.isolate(world.lone, how);

    // The others go on, behind its back.
    const auto behind = World::append(*world.others, one_event(4, at_version(3)));
    REQUIRE(behind);
    const auto head = World::head(*world.alone);
    const auto follows = World::append(*world.alone, one_event(5, at_version(4)));
    const auto exists = World::append(
        *world.alone,
        {{StreamAppend{{"deal", "2"}, {Expected::Kind::present, {}}, {sample_draft(6)}}}});

    REQUIRE_FALSE(head);
    CHECK(is_doubt(head.error().code));
    REQUIRE_FALSE(follows);
    INFO(describe(follows.error()));
    CHECK(is_doubt(follows.error().code)); // not a conflict: the stream is at 4
    REQUIRE_FALSE(exists);
    INFO(describe(exists.error()));
    CHECK(is_doubt(exists.error().code));

    world.servers.rejoin();
    world.servers.wait_for_quorum();
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    auto healed = World::append(*world.alone, one_event(5, at_version(4)));
    while (!healed && is_doubt(healed.error().code) &&
           std::chrono::steady_clock::now() < deadline) {
        healed = World::append(*world.alone, one_event(5, at_version(4)));
    }
    REQUIRE(healed);
    CHECK(healed->events.front().version == Version{5});
    const auto end = World::head(*world.others);
    REQUIRE(end);
    CHECK(*end == Position{5});
    const auto wrong = World::append(*world.alone, one_event(7, at_version(9)));
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().code == Errc::conflict); // who is simply wrong is told so
}

TEST_CASE("a server without a quorum is left for another", "[jetstream][cluster]")
{
    if (is_skipped()) {
        return;
    }
    NatsServers servers{NatsOptions{3, false, "1GB", {}, true}};
    auto options = World::shared_options();
    std::size_t lone = 0;
    {
        const JetStreamUnderTest first{servers, options};
        lone = servers.wait_for_leader_of("EV_parted");
    }
    const std::size_t other = (lone + 1) % 3;
    servers.stop(other); // so that the connection is to the first of the two
    jetstream::ConnectionOptions connection;
    connection.url = servers.url(lone) + "," + servers.url(other);
    connection.leave_server_after = 3s;
    options.append_timeout = 60s;
    JetStreamUnderTest home{connection, options};
    servers.start(other);
    servers.wait_for_quorum();
    REQUIRE(World::append(home, one_event(1, at_version(0))));
    const auto before = home.log().status().reconnects;

    servers.isolate(lone, Partition::silent); // it keeps its clients
    const auto appended = World::append(home, one_event(2, at_version(1)));

    INFO((appended ? "" : describe(appended.error())));
    REQUIRE(appended);
    CHECK(appended->events.front().version == Version{2});
    CHECK(home.log().status().reconnects > before);
}

} // namespace jetstream_partition_test
