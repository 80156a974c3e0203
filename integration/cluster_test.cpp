// Three nats-servers, two nodes: nothing is lost when the server that leads the log dies, freezes,
// or is parted from the others. And one server that stands still for so long that nobody knows what
// it has.

#include "integration/support/ledger_invariants.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <iostream>
#include <thread>

namespace cluster_test {

using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

ClusterOptions three_servers()
{
    ClusterOptions options;
    options.nats_servers = 3;
    options.nodes = 2;
    return options;
}

AppenderOptions load_on(const Cluster& cluster)
{
    AppenderOptions load;
    load.ports = cluster.node_ports();
    load.seed = seed();
    return load;
}

void tell(const AppendedByClients& appended)
{
    std::cout << appended.acknowledged.size() << " events acknowledged, " << appended.repeated
              << " requests repeated" << std::endl;
}

} // namespace

TEST_CASE("nothing is lost when the leader of the log is killed under load", "[cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    Cluster cluster{three_servers()};
    AppenderClient client{load_on(cluster)};

    for (int round = 0; round < 4; ++round) {
        REQUIRE(client.wait_for_more(100, 60s));
        const std::size_t leader = cluster.nats().wait_for_leader_of("EV_main");
        cluster.kill(Member::nats, leader);
        INFO("round " << round << ", server " << leader << " is dead");
        REQUIRE(client.wait_for_more(30, 60s)); // two of three are enough
        cluster.start(Member::nats, leader);
        cluster.nats().wait_for_quorum();
    }
    const auto appended = client.finish();

    tell(appended);
    check_ledger_invariants(cluster, appended);
}

TEST_CASE("nothing is lost or doubled when the leader of the log freezes under load", "[cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    auto options = three_servers();
    options.settings = {"nats.acknowledge_ms=300"}; // so that much becomes unknown meanwhile
    Cluster cluster{options};
    AppenderClient client{load_on(cluster)};

    REQUIRE(client.wait_for_more(100, 60s));
    const std::size_t leader = cluster.nats().wait_for_leader_of("EV_main");
    cluster.nats().pause(leader);
    std::this_thread::sleep_for(6s); // long enough for the others to elect another
    cluster.nats().resume(leader);
    REQUIRE(client.wait_for_more(100, 60s));
    const auto appended = client.finish();

    tell(appended);
    check_ledger_invariants(cluster, appended);
}

// The leader is parted from the other servers, and keeps the clients that it has: what it writes
// down alone must never be acknowledged, and never come back.
TEST_CASE("nothing is lost or doubled when the leader of the log is parted from its servers",
          "[cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    auto options = three_servers();
    options.can_part = true;
    Cluster cluster{options};
    AppenderClient client{load_on(cluster)};

    for (const Partition how :
         {Partition::cut, Partition::silent, Partition::cut, Partition::silent}) {
        REQUIRE(client.wait_for_more(100, 60s));
        const std::size_t leader = cluster.nats().wait_for_leader_of("EV_main");
        cluster.nats().isolate(leader, how);
        INFO("server " << leader << " is alone");
        CHECK(client.wait_for_more(100, 60s)); // two of three are enough
        std::this_thread::sleep_for(12s);      // until the old leader knows, too
        cluster.nats().rejoin();
        cluster.nats().wait_for_quorum();
    }
    const auto appended = client.finish();

    tell(appended);
    check_ledger_invariants(cluster, appended);
}

TEST_CASE("what a node could not learn is there once when the client repeats it", "[cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    Cluster cluster;
    AppenderClient client{load_on(cluster)};

    REQUIRE(client.wait_for_more(100, 60s));
    cluster.nats().pause();
    std::this_thread::sleep_for(15s); // longer than a node tries by itself: it has to say 503
    cluster.nats().resume();
    REQUIRE(client.wait_for_more(100, 60s));
    const auto appended = client.finish();

    tell(appended);
    CHECK(appended.statuses.at(503) > 0);
    check_ledger_invariants(cluster, appended);
}

} // namespace cluster_test
