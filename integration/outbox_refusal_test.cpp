// What the ledger's rules refuse is refused to the outbox, too: the transaction is parked, seen,
// and tried again on demand.

#include "integration/support/ledger_view.hpp"
#include "postgres/outbox/outbox_statements.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

#include <thread>

namespace sealstream::testing {

namespace {

using namespace std::chrono_literals;

// Waits until the one value of a query is as expected; the last one that was seen.
std::string wait_for(Connection& connection, const std::string& sql, const std::string& expected)
{
    std::string seen;
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (seen != expected && std::chrono::steady_clock::now() < deadline) {
        const auto answer = connection.run(sql);
        seen = answer && answer->rows() == 1 ? std::string{answer->text(0, 0)} : std::string{};
        std::this_thread::sleep_for(20ms);
    }
    return seen;
}

} // namespace

TEST_CASE("a transaction that an emission policy refuses is parked, and recorded as refused",
          "[outbox][cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    ClusterOptions options;
    options.projectors = 0;
    options.auditors = 0;
    options.relays = 1;
    options.settings = {"outbox.poll_ms=10", "policy.unknown_types=refuse"};
    Cluster cluster{options};
    PostgresOptions database;
    database.uri = cluster.database();
    const auto connection = Connection::open(database);
    REQUIRE(connection);
    REQUIRE(wait_for(**connection, "SELECT target FROM sealstream.append_settings", "outbox") ==
            "outbox");
    const std::string parked =
        "SELECT count(*) FROM sealstream.outbox_transactions WHERE parked_at IS NOT NULL";

    REQUIRE(
        (*connection)->run("SELECT sealstream.append('main', 'deal/1', 'Unknown', '{}'::text)"));
    REQUIRE(wait_for(**connection, parked, "1") == "1");

    const auto shown = cluster.run({"outbox", "parked"});
    REQUIRE(shown.exit_code == 0);
    const auto line = boost::json::parse(shown.output);
    CHECK(std::string{line.at("reason").as_string().c_str()}.starts_with("emission_refused"));
    CHECK(line.at("events") == 1);
    const auto status = cluster.run({"outbox", "status"});
    CHECK(boost::json::parse(status.output).at("parked_transactions") == 1);
    CHECK(LedgerView{cluster}.head() == Position{0});
    CHECK(wait_for(**connection, "SELECT count(*) > 0 FROM sealstream.rejections", "t") == "t");

    // Trying again changes nothing while the policy says no; a number that is not parked is not
    // found.
    CHECK(cluster.run({"outbox", "retry", "--commit", "999"}).exit_code == 3);
    const std::string number = line.at("commit").as_string().c_str();
    CHECK(cluster.run({"outbox", "retry", "--commit", number}).exit_code == 0);
    CHECK(wait_for(**connection, "SELECT count(*) > 1 FROM sealstream.rejections", "t") == "t");
    CHECK(wait_for(**connection, parked, "1") == "1");
}

} // namespace sealstream::testing
