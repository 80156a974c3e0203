// Whatever is killed, and whenever: nothing that was acknowledged is lost or doubled, and read
// model and audit catch up.

#include "integration/support/deal_tables.hpp"
#include "integration/support/ledger_invariants.hpp"
#include "integration/support/tally_pack.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <thread>

namespace crash_test {

using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t rounds_default = 50;
constexpr std::size_t events_between_kills = 60;

std::size_t rounds()
{
    const char* const wanted = std::getenv("SEALSTREAM_CRASH_ROUNDS");
    return wanted != nullptr ? std::stoul(wanted) : rounds_default;
}

Member any_member(const Cluster& cluster, std::mt19937_64& random)
{
    while (true) {
        const auto member = static_cast<Member>(random() % member_kinds);
        if (cluster.count(member) > 0) {
            return member;
        }
    }
}

void kill_in_rounds(ClusterOptions options, std::size_t count)
{
    options.nodes = 2;
    options.projectors = 2; // one folds, one stands by
    options.auditors = 2;   // each start deposes the other
    TestFolder packs{"packs"};
    options.settings.push_back("packs.enabled=" + write_tally_pack(packs.path().string()) + "," +
                               shipped_deals());
    Cluster cluster{options};
    auto random = random_generator(1);
    AppenderOptions load;
    load.ports = cluster.node_ports();
    load.seed = random();
    load.connections = 8;
    load.pause = 1ms;
    load.has_materials = true;
    AppenderClient client{load};

    for (std::size_t round = 0; round < count; ++round) {
        const Member member = any_member(cluster, random);
        const std::size_t number = random() % cluster.count(member);
        INFO("round " << round << ": " << name(member) << " " << number);
        REQUIRE(client.wait_for_more(random() % events_between_kills, 60s));
        std::this_thread::sleep_for(std::chrono::milliseconds{random() % 250});
        cluster.kill(member, number);
        std::this_thread::sleep_for(std::chrono::milliseconds{random() % 100});
        cluster.start(member, number);
    }
    REQUIRE(client.wait_for_more(50, 60s)); // it goes on
    const auto appended = client.finish();

    std::cout << count << " rounds: " << appended.acknowledged.size() << " events acknowledged, "
              << appended.repeated << " requests repeated, " << appended.unanswered
              << " without an answer" << std::endl;
    check_ledger_invariants(cluster, appended);
    check_tally(cluster);
    check_deals(cluster);
}

} // namespace

TEST_CASE("nothing is lost when any process is killed under load", "[crash]")
{
    if (Cluster::is_possible()) {
        kill_in_rounds({}, rounds() / 2);
    }
}

TEST_CASE("nothing is lost when any process is killed under load and every write is synced",
          "[crash]")
{
    if (Cluster::is_possible()) {
        ClusterOptions options;
        options.is_synced = true;
        options.settings = {"ledger.codec=cbor"};
        kill_in_rounds(options, rounds() - rounds() / 2);
    }
}

TEST_CASE("nothing is lost when any process is killed and Postgres holds everything", "[crash]")
{
    if (Cluster::is_possible()) {
        ClusterOptions options;
        options.nats_servers = 0;
        kill_in_rounds(options, rounds() / 3);
    }
}

TEST_CASE("nothing is lost when any process is killed and three servers hold the log", "[crash]")
{
    if (Cluster::is_possible()) {
        ClusterOptions options;
        options.nats_servers = 3;
        kill_in_rounds(options, rounds() / 3);
    }
}

TEST_CASE("nothing is lost when everything is killed at once and started in any order", "[crash]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    ClusterOptions options;
    options.nodes = 2;
    options.settings = {"packs.enabled=" + shipped_deals()};
    Cluster cluster{options};
    auto random = random_generator(2);
    AppenderOptions load;
    load.ports = cluster.node_ports();
    load.seed = random();
    load.has_materials = true;
    AppenderClient client{load};
    std::vector<std::pair<Member, std::size_t>> all;
    for (std::size_t kind = 0; kind < member_kinds; ++kind) {
        for (std::size_t number = 0; number < cluster.count(static_cast<Member>(kind)); ++number) {
            all.emplace_back(static_cast<Member>(kind), number);
        }
    }

    for (std::size_t round = 0; round < rounds() / 10; ++round) {
        REQUIRE(client.wait_for_more(1 + random() % events_between_kills, 60s));
        std::shuffle(all.begin(), all.end(), random);
        for (const auto& [member, number] : all) {
            cluster.kill(member, number);
        }
        std::shuffle(all.begin(), all.end(), random);
        for (const auto& [member, number] : all) {
            cluster.start(member, number);
            std::this_thread::sleep_for(std::chrono::milliseconds{random() % 100});
        }
    }
    REQUIRE(client.wait_for_more(50, 60s));
    check_ledger_invariants(cluster, client.finish());
    check_deals(cluster);
}

} // namespace crash_test
