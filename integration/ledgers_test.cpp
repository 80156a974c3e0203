// Several ledgers in the same processes: each has its own order, index, audit and key, and nothing
// of one is seen in another.

#include "integration/support/cluster.hpp"
#include "integration/support/http_client.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

namespace ledgers_test {

using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

HttpAnswer ask(int port, const std::string& method, const std::string& target,
               const std::string& body = {})
{
    HttpConnection connection{port};
    std::string request = method + " " + target + " HTTP/1.1\r\nHost: test\r\n";
    if (!body.empty()) {
        request +=
            "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n";
    }
    REQUIRE(connection.connect());
    REQUIRE(connection.send(request + "\r\n" + body));
    const auto answer = connection.read_answer();
    REQUIRE(answer.has_value());
    return *answer;
}

std::string member(const HttpAnswer& answer, const std::string& pointer)
{
    boost::system::error_code failed;
    const auto document = boost::json::parse(answer.body, failed);
    const auto* const value = failed ? nullptr : document.find_pointer(pointer, failed);
    return value == nullptr ? "" : std::string{value->as_string()};
}

void wait_for_proof(int port, const std::string& event_path)
{
    const auto until = std::chrono::steady_clock::now() + 30s;
    for (auto answer = ask(port, "GET", event_path + "/proof"); answer.status != 200;
         answer = ask(port, "GET", event_path + "/proof")) {
        INFO(answer.body);
        REQUIRE((answer.status == 404 || answer.status == 503));
        REQUIRE(std::chrono::steady_clock::now() < until);
    }
}

} // namespace

TEST_CASE("ledgers of one server share nothing that holds an event", "[cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    const int nats_servers = GENERATE(1, 0); // 0: everything in one Postgres
    INFO("NATS servers: " << nats_servers);
    ClusterOptions options;
    options.nats_servers = nats_servers;
    options.other_ledgers = {"ops"};
    options.settings = {"ledgers.ops.ledger.chain=all", "ledgers.ops.ledger.codec=cbor"};
    Cluster cluster{options};
    const int port = cluster.node_ports().front();
    const std::string events = "/v1/streams/task/1/events";
    const std::string body = R"({"id":"0192f3a4-0000-7000-8000-00000000000a","type":"TaskAdded"})";

    const auto in_main = ask(port, "POST", events, body);
    const auto in_ops = ask(port, "POST", "/ledgers/ops" + events, body);
    const auto again = ask(port, "POST", "/ledgers/main" + events, body);

    // The same id, stream and place: each ledger takes it once.
    CHECK(in_main.status == 201);
    CHECK(in_ops.status == 201);
    CHECK(in_main.field("Sealstream-Position") == "1");
    CHECK(in_ops.field("Sealstream-Position") == "1");
    CHECK(in_ops.field("Idempotency-Replayed").empty());
    CHECK(again.field("Idempotency-Replayed") == "true"); // main is also below /ledgers/main
    const std::string path = in_ops.field("Location");
    CHECK(path == "/ledgers/ops/v1/events/0192f3a4-0000-7000-8000-00000000000a");

    const auto only_ops = ask(port, "POST", "/ledgers/ops/v1/streams/task/2/events",
                              R"({"type":"TaskAdded","data":{"secret":"of ops"}})");
    const std::string id = member(only_ops, "/events/0/id");
    wait_for_proof(port, "/ledgers/ops/v1/events/" + id);
    wait_for_proof(port, "/v1/events/0192f3a4-0000-7000-8000-00000000000a");
    CHECK(ask(port, "GET", "/ledgers/ops/v1/events/" + id).status == 200);
    CHECK(ask(port, "GET", "/v1/events/" + id).status == 404);
    CHECK(ask(port, "GET", "/v1/events").body.find("of ops") == std::string::npos);
    CHECK(ask(port, "GET", "/ledgers/ops/v1/events").body.find("of ops") != std::string::npos);
    CHECK(ask(port, "GET", "/checkpoint").body.starts_with("test.example/ledger/main\n"));
    CHECK(
        ask(port, "GET", "/ledgers/ops/checkpoint").body.starts_with("test.example/ledger/ops\n"));

    for (const char* const nowhere :
         {"/ledgers/none/v1/events", "/ledgers/ops", "/ledgers//v1/events",
          "/ledgers/ops/ledgers/main/v1/events"}) {
        INFO(nowhere);
        CHECK(ask(port, "GET", nowhere).status == 404);
    }

    // Each is verified with its own key, and not with the other's.
    const auto verify = [&](const std::string& ledger, const std::string& key) {
        return cluster
            .run({"verify", "--json", "--ledger", ledger, "--key", cluster.verifier_key(key)})
            .exit_code;
    };
    CHECK(verify("main", "main") == 0);
    CHECK(verify("ops", "ops") == 0);
    CHECK(verify("ops", "main") != 0);
    const auto unknown =
        cluster.run({"verify", "--ledger", "none", "--key", cluster.verifier_key()});
    CHECK(unknown.log.find("no ledger none is configured") != std::string::npos);
    CHECK(cluster.error_lines() == std::vector<std::string>{});
}

} // namespace ledgers_test
