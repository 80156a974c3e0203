// Keys and ids of an application's own are one event, whichever way it comes and however long ago
// it came another way: over HTTP, or from an outbox whose rows are gone.

#include "integration/support/http_client.hpp"
#include "integration/support/ledger_invariants.hpp"
#include "integration/support/ledger_view.hpp"
#include "postgres/connection.hpp"
#include "tests/support/catch.hpp"

#include <thread>

namespace sealstream::testing::outbox_repeat_test {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds window{2}; // of NATS
constexpr const char* own_id = "0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c11";

// As the database role that the applications have here.
int append_over_http(int port, const std::string& body)
{
    HttpConnection connection{port};
    const std::string head = "POST /v1/streams/deal/1/events HTTP/1.1\r\nHost: x\r\n"
                             "Content-Type: application/json\r\nSealstream-Source: sealstream\r\n"
                             "Content-Length: " +
                             std::to_string(body.size()) + "\r\n\r\n";
    const bool is_sent = connection.connect() && connection.send(head + body);
    const auto answer = is_sent ? connection.read_answer() : std::nullopt;
    return answer ? answer->status : 0;
}

class World {
public:
    explicit World(ClusterOptions options) : cluster{std::move(options)}
    {
        PostgresOptions database;
        database.uri = cluster.database();
        auto opened = Connection::open(database);
        REQUIRE(opened);
        connection = *std::move(opened);
        REQUIRE(waits_for("SELECT target FROM sealstream.append_settings", "outbox"));
    }

    [[nodiscard]] std::string value(const std::string& sql)
    {
        const auto answer = connection->run(sql);
        return answer && answer->rows() == 1 ? std::string{answer->text(0, 0)} : std::string{};
    }
    bool waits_for(const std::string& sql, const std::string& expected)
    {
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (value(sql) != expected && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(20ms);
        }
        return value(sql) == expected;
    }
    // The rest of the outbox is in the log.
    bool relays_all()
    {
        return waits_for("SELECT count(*) FROM sealstream.outbox_transactions WHERE"
                         " emitted_at IS NULL AND parked_at IS NULL",
                         "0");
    }
    // As if `outbox.keep_s` were over.
    void remove_rows() { REQUIRE(connection->run("DELETE FROM sealstream.outbox_transactions")); }
    void append_in_sql(const std::string& arguments)
    {
        REQUIRE(connection->run("SELECT sealstream.append('main', 'deal/1', " + arguments + ")"));
    }
    // Type and version of each event of the stream.
    [[nodiscard]] std::vector<std::string> types()
    {
        std::vector<std::string> all;
        const auto page = http_get(cluster.node_ports()[0], "/v1/streams/deal/1/events");
        REQUIRE(page.has_value());
        constexpr std::string_view before{"\"type\":\""};
        for (auto at = page->body.find(before); at != std::string::npos;
             at = page->body.find(before, at + 1)) {
            const auto begin = at + before.size();
            all.push_back(page->body.substr(begin, page->body.find('"', begin) - begin));
        }
        return all;
    }

    Cluster cluster;
    std::unique_ptr<Connection> connection;
};

ClusterOptions with_relay()
{
    ClusterOptions options;
    options.relays = 1;
    options.settings = {"outbox.poll_ms=10"};
    return options;
}

} // namespace

TEST_CASE("long after NATS has forgotten it, a key or id that went over HTTP is not relayed again",
          "[outbox][idempotency][cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    auto options = with_relay();
    options.duplicate_window = window;
    options.settings.emplace_back("nats.acknowledge_ms=500"); // a retry falls into the window
    World world{options};
    const int port = world.cluster.node_ports()[0];
    REQUIRE(append_over_http(port, R"({"type":"Keyed","data":1,"key":"order-1"})") == 201);
    REQUIRE(append_over_http(port, std::string{R"({"type":"Named","id":")"} + own_id + "\"}") ==
            201);
    std::this_thread::sleep_for(2 * window);

    auto transaction = Transaction::begin(*world.connection);
    world.append_in_sql("'Keyed', '1'::text, key => 'order-1'");
    world.append_in_sql("'Fresh', '2'::text");
    REQUIRE(transaction->commit());
    world.append_in_sql(std::string{"'Named', 'null'::text, id => '"} + own_id + "'");
    REQUIRE(world.relays_all());

    CHECK(world.types() == std::vector<std::string>{"Keyed", "Named", "Fresh"});
    CHECK(world.value("SELECT position FROM sealstream.outbox WHERE key = 'order-1'") == "1");
    CHECK(world.value("SELECT version FROM sealstream.outbox WHERE type = 'Named'") == "2");
    CHECK(world.value("SELECT version FROM sealstream.outbox WHERE type = 'Fresh'") == "3");

    world.remove_rows();
    world.append_in_sql("'Keyed', '1'::text, key => 'order-1'");
    world.append_in_sql("'Later', '3'::text");
    REQUIRE(world.relays_all());
    CHECK(world.types() == std::vector<std::string>{"Keyed", "Named", "Fresh", "Later"});

    world.remove_rows();
    world.append_in_sql("'Keyed', '9'::text, key => 'order-1'");
    REQUIRE(world.relays_all());
    const auto reason = world.value("SELECT parked_reason FROM sealstream.outbox_transactions");
    CHECK(reason.starts_with("key_reuse"));
    CHECK(world.types().size() == 4);
    world.cluster.wait_until_caught_up();
    check_ledger_invariants(world.cluster, AppendedByClients{});
}

TEST_CASE("a key that NATS knows and the index does not is a repeat, and its transaction goes on",
          "[outbox][idempotency][cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    auto options = with_relay();
    options.projectors = 0; // so nothing is ever in the index
    options.auditors = 0;
    World world{options};
    const int port = world.cluster.node_ports()[0];
    REQUIRE(append_over_http(port, R"({"type":"Keyed","data":1,"key":"order-1"})") == 201);

    auto transaction = Transaction::begin(*world.connection);
    world.append_in_sql("'Before', '0'::text");
    world.append_in_sql("'Keyed', '1'::text, key => 'order-1'");
    world.append_in_sql("'After', '2'::text");
    REQUIRE(transaction->commit());
    REQUIRE(world.relays_all());

    CHECK(world.types() == std::vector<std::string>{"Keyed", "Before", "After"});
    CHECK(world.value("SELECT count(*) FROM sealstream.outbox_transactions WHERE"
                      " parked_at IS NOT NULL") == "0");
    CHECK(world.value("SELECT position FROM sealstream.outbox WHERE key = 'order-1'") == "1");
}

} // namespace sealstream::testing::outbox_repeat_test
