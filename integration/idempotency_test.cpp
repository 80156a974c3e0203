// Keys hold far outside the log's memory: a real nats-server that knows ids for two seconds, with
// nodes killed and projectors stopped (docs/idempotency.md).

#include "integration/support/cluster.hpp"
#include "integration/support/http_client.hpp"
#include "integration/support/ledger_invariants.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <map>
#include <thread>

namespace idempotency_test {

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds window{2};

ClusterOptions forgetful_options()
{
    ClusterOptions options;
    options.nodes = 2;
    options.auditors = 1;
    options.duplicate_window = window;
    options.settings = {"nats.acknowledge_ms=500"};
    return options;
}

HttpAnswer append(int port, const std::string& key, const std::string& data = "1")
{
    HttpConnection connection{port};
    const std::string body = R"({"type":"A","data":)" + data + "}";
    std::string request = "POST /v1/streams/deal/" + key +
                          "/events HTTP/1.1\r\nHost: x\r\n"
                          "Content-Type: application/json\r\nContent-Length: " +
                          std::to_string(body.size()) + "\r\n";
    request += "Idempotency-Key: " + key + "\r\n\r\n" + body;
    if (!connection.connect() || !connection.send(request)) {
        return {};
    }
    return connection.read_answer().value_or(HttpAnswer{});
}

bool skip_in_projections(int port, const std::string& type)
{
    HttpConnection connection{port};
    const std::string body = R"({"sources":["*"],"skip_in_projection":true})";
    const std::string request = "PUT /v1/policies/" + type +
                                " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                "Content-Length: " +
                                std::to_string(body.size()) + "\r\n\r\n" + body;
    const bool is_sent = connection.connect() && connection.send(request);
    const auto answer = is_sent ? connection.read_answer() : std::nullopt;
    return answer && answer->status == 201;
}

std::string keyed_lines(std::size_t lines)
{
    std::string body;
    for (std::size_t number = 0; number < lines; ++number) {
        body += R"({"stream":"bulk/)" + std::to_string(number % 7) +
                R"(","type":"B","key":"line-)" + std::to_string(number) + R"(","data":)" +
                std::to_string(number) + "}\n";
    }
    return body;
}

// Sends the first `bytes` of the body, then cuts the connection; nothing cut: the whole answer.
std::string send_bulk(int port, const std::string& body, std::size_t bytes)
{
    HttpConnection connection{port};
    const std::string head = "POST /v1/events?results=errors HTTP/1.1\r\nHost: x\r\n"
                             "Connection: close\r\n"
                             "Content-Type: application/x-ndjson\r\nContent-Length: " +
                             std::to_string(body.size()) + "\r\n\r\n";
    if (!connection.connect() || !connection.send(head + body.substr(0, bytes))) {
        return {};
    }
    if (bytes < body.size()) {
        return {};
    }
    std::string answer;
    for (std::string more = "more"; !more.empty(); answer += more) {
        more = connection.read_some(60s);
    }
    return answer;
}

} // namespace

TEST_CASE("a key holds after the log has forgotten it, through restarts and on another node",
          "[integration][idempotency]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    Cluster cluster{forgetful_options()};
    const auto ports = cluster.node_ports();
    const HttpAnswer first = append(ports[0], "order-1");
    REQUIRE(first.status == 201);
    std::this_thread::sleep_for(2 * window);

    const HttpAnswer again = append(ports[0], "order-1");
    const HttpAnswer elsewhere = append(ports[1], "order-1");
    cluster.kill(Member::node, 0);
    cluster.kill(Member::nats);
    cluster.start(Member::nats);
    cluster.start(Member::node, 0);
    cluster.wait_until_ready();
    const HttpAnswer restarted = append(cluster.node_ports()[0], "order-1");
    const HttpAnswer other = append(cluster.node_ports()[1], "order-1", "2");

    for (const HttpAnswer& answer : {again, elsewhere, restarted}) {
        CHECK(answer.status == 201);
        CHECK(answer.body == first.body);
        CHECK(answer.field("Idempotency-Replayed") == "true");
    }
    CHECK(other.status == 422);
    cluster.wait_until_caught_up();
    check_ledger_invariants(cluster, AppendedByClients{});
}

TEST_CASE("the key of an event that read models skip holds as long as any other",
          "[integration][idempotency]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    Cluster cluster{forgetful_options()};
    const auto ports = cluster.node_ports();
    REQUIRE(skip_in_projections(ports[0], "A"));
    const HttpAnswer first = append(ports[0], "skipped-1");
    REQUIRE(first.status == 201);
    cluster.wait_until_caught_up();
    std::this_thread::sleep_for(2 * window);

    const HttpAnswer elsewhere = append(ports[1], "skipped-1");
    cluster.kill(Member::projector);
    cluster.kill(Member::node, 0);
    cluster.kill(Member::nats);
    cluster.start(Member::nats);
    cluster.start(Member::node, 0);
    cluster.start(Member::projector);
    cluster.wait_until_ready();
    const HttpAnswer restarted = append(cluster.node_ports()[0], "skipped-1");
    const HttpAnswer other = append(cluster.node_ports()[1], "skipped-1", "2");

    for (const HttpAnswer& answer : {elsewhere, restarted}) {
        CHECK(answer.status == 201);
        CHECK(answer.body == first.body);
        CHECK(answer.field("Idempotency-Replayed") == "true");
    }
    CHECK(other.status == 422);
    cluster.wait_until_caught_up();
    check_ledger_invariants(cluster, AppendedByClients{});
}

TEST_CASE("with the projector away, old keys are found in the log or refused, never doubled",
          "[integration][idempotency]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    Cluster cluster{forgetful_options()};
    const auto ports = cluster.node_ports();
    REQUIRE(append(ports[0], "before").status == 201);
    cluster.wait_until_caught_up();
    cluster.kill(Member::projector);
    const HttpAnswer unseen = append(ports[0], "unseen");
    REQUIRE(unseen.status == 201);
    std::this_thread::sleep_for(2 * window);

    const HttpAnswer unseen_again = append(ports[1], "unseen");
    cluster.kill(Member::postgres);
    const HttpAnswer without = append(ports[1], "unseen");
    cluster.start(Member::postgres);
    cluster.start(Member::projector);
    cluster.wait_until_ready();
    cluster.wait_until_caught_up();
    const HttpAnswer healed = append(cluster.node_ports()[0], "unseen");

    CHECK(unseen_again.status == 201); // the node has read it from the log
    CHECK(unseen_again.body == unseen.body);
    CHECK((without.status == 503 || without.body == unseen.body));
    CHECK(healed.status == 201);
    CHECK(healed.body == unseen.body);
    check_ledger_invariants(cluster, AppendedByClients{});
}

TEST_CASE("a bulk that is cut anywhere and sent again is there once, in order",
          "[integration][idempotency][bulk]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    Cluster cluster{forgetful_options()};
    auto random = random_generator(74);
    CAPTURE(seed());
    constexpr std::size_t lines = 20'000;
    const std::string body = keyed_lines(lines);
    std::string last;
    // A slow machine may answer lines with a 503 that asks to send them again.
    const auto is_whole = [&last] {
        return last.find("\"failed\":\"0\",\"is_complete\":true") != std::string::npos;
    };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{150};
    for (int tries = 0; !is_whole() && std::chrono::steady_clock::now() < deadline; ++tries) {
        const bool is_cut = tries < 5;
        const auto ports = cluster.node_ports();
        const int port = ports[random() % ports.size()];
        last = send_bulk(port, body, is_cut ? random() % body.size() : body.size());
        if (tries == 2) {
            cluster.kill(Member::node, 0);
            cluster.start(Member::node, 0);
            cluster.wait_until_ready();
        }
        if (tries == 3) {
            std::this_thread::sleep_for(2 * window);
        }
    }

    INFO(last);
    CHECK(is_whole());
    cluster.wait_until_caught_up();
    check_ledger_invariants(cluster, AppendedByClients{});
    std::size_t events = 0;
    for (int stream = 0; stream < 7; ++stream) {
        std::size_t after = 0;
        for (bool is_over = false; !is_over;) {
            const auto page = http_get(cluster.node_ports()[0],
                                       "/v1/streams/bulk/" + std::to_string(stream) +
                                           "/events?limit=1000&after=" + std::to_string(after));
            REQUIRE(page.has_value());
            std::size_t count = 0;
            for (std::size_t at = page->body.find("\"version\":"); at != std::string::npos;
                 at = page->body.find("\"version\":", at + 1)) {
                ++count;
            }
            // The n-th event of stream s is line s + 7 n.
            if (count != 0) {
                const auto number = static_cast<std::size_t>(stream) + 7 * (after + count - 1);
                CHECK(page->body.find("\"key\":\"line-" + std::to_string(number) + "\"") !=
                      std::string::npos);
            }
            after += count;
            is_over = count == 0;
        }
        events += after;
    }
    CHECK(events == lines);
}

} // namespace idempotency_test
