// Standbys: when the process that folds or seals is killed and stays away, another goes on.

#include "integration/support/deal_tables.hpp"
#include "integration/support/ledger_invariants.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <csignal>
#include <thread>

namespace standby_test {

using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

AppendedByClients append_some(const Cluster& cluster, std::uint64_t place)
{
    AppenderOptions load;
    load.ports = cluster.node_ports();
    load.seed = seed() + place; // the same ids would be repeats
    load.has_materials = true;
    AppenderClient client{load};
    REQUIRE(client.wait_for_more(50, 60s));
    return client.finish();
}

} // namespace

TEST_CASE("a standby goes on when the active projector or auditor is killed", "[cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    ClusterOptions options;
    options.projectors = 2;
    options.auditors = 2;
    options.settings = {"auditor.heartbeat_ms=1000", "packs.enabled=" + shipped_deals()};
    Cluster cluster{options};
    append_some(cluster, 1);
    cluster.wait_until_caught_up();

    // Which of the two is active is theirs to decide: so each is killed once, and stays away.
    for (std::size_t number = 0; number < 2; ++number) {
        INFO("without projector and auditor " << number);
        for (const Member member : {Member::projector, Member::auditor}) {
            cluster.kill(member, number);
        }
        const auto appended = append_some(cluster, 2 + number);
        check_ledger_invariants(cluster, appended);
        check_deals(cluster);
        for (const Member member : {Member::projector, Member::auditor}) {
            cluster.start(member, number);
        }
        cluster.wait_until_caught_up();
    }
}

TEST_CASE("a projector or auditor that was frozen does no harm when it wakes up", "[cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    ClusterOptions options;
    options.projectors = 2;
    options.auditors = 2;
    options.settings = {"auditor.heartbeat_ms=1000", "packs.enabled=" + shipped_deals()};
    Cluster cluster{options};
    AppenderOptions load;
    load.ports = cluster.node_ports();
    load.seed = seed();
    load.pause = 10ms;
    load.has_materials = true;
    AppenderClient client{load};
    REQUIRE(client.wait_for_more(50, 60s));

    for (std::size_t number = 0; number < 2; ++number) {
        for (const Member member : {Member::projector, Member::auditor}) {
            cluster.process(member, number).signal(SIGSTOP);
        }
        std::this_thread::sleep_for(5s); // the other auditor takes over after three seconds
        for (const Member member : {Member::projector, Member::auditor}) {
            cluster.process(member, number).signal(SIGCONT);
        }
        REQUIRE(client.wait_for_more(50, 60s));
    }
    const auto appended = client.finish();

    check_ledger_invariants(cluster, appended);
    check_deals(cluster);
}

} // namespace standby_test
