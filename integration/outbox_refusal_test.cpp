// What the ledger's rules refuse is refused to the outbox, too: the transaction is parked, seen,
// and tried again on demand.

#include "integration/support/http_client.hpp"
#include "integration/support/ledger_view.hpp"
#include "postgres/outbox/outbox_statements.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

#include <thread>

namespace sealstream::testing::outbox_refusal_test {

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

TEST_CASE("what a policy forbids by now and the log has already is relayed, not parked",
          "[outbox][cluster][idempotency]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    ClusterOptions options;
    options.projectors = 0;
    options.auditors = 0;
    options.relays = 1;
    options.settings = {"outbox.poll_ms=10"};
    Cluster cluster{options};
    PostgresOptions database;
    database.uri = cluster.database();
    const auto connection = Connection::open(database);
    REQUIRE(connection);
    REQUIRE(wait_for(**connection, "SELECT target FROM sealstream.append_settings", "outbox") ==
            "outbox");
    HttpConnection node{cluster.node_ports().front()};
    const auto ask = [&node](const std::string& what, const std::string& body) {
        const bool is_sent =
            node.connect() &&
            node.send(what +
                      " HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\n"
                      "Sealstream-Source: shop\r\nContent-Length: " +
                      std::to_string(body.size()) + "\r\n\r\n" + body);
        const auto answer = is_sent ? node.read_answer() : std::nullopt;
        return answer ? answer->status : 0;
    };
    const std::string deal = "POST /v1/streams/deal/1/events";
    REQUIRE(ask(deal, R"({"type":"Old","data":{"a":1},"key":"k"})") == 201);
    REQUIRE(ask("PUT /v1/policies/Old", R"({"sources":["nobody"]})") == 201);
    const auto append = [&connection](const std::string& data, const std::string& key) {
        return (*connection)
            ->run("SELECT sealstream.append('main', 'deal/1', 'Old', $1::text, key => $2,"
                  " source => 'shop')",
                  {data, key});
    };
    const std::string parked =
        "SELECT count(*) FROM sealstream.outbox_transactions WHERE parked_at IS NOT NULL";
    REQUIRE(append(R"({"a":1})", "new")); // so that the relay has surely heard of the policy
    REQUIRE(wait_for(**connection, parked, "1") == "1");

    REQUIRE(append(R"({"a":1})", "k"));

    CHECK(wait_for(**connection, "SELECT position FROM sealstream.outbox WHERE key = 'k'", "1") ==
          "1");
    CHECK(wait_for(**connection, parked, "1") == "1");
    CHECK(wait_for(**connection, "SELECT count(*) FROM sealstream.rejections", "1") == "1");
    CHECK(LedgerView{cluster}.head() == Position{2}); // the event and the edit
}

} // namespace sealstream::testing::outbox_refusal_test
