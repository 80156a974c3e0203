// Competing consumers over HTTP, on two nodes that are killed, while consumers die, dawdle and
// refuse: every event is handled at least once, in the order of its stream, and no stream has two
// owners.

#include "integration/support/appender_client.hpp"
#include "integration/support/http_client.hpp"
#include "integration/support/ledger_view.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <atomic>
#include <iostream>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace sealstream::testing::groups_test {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr int consumers = 4;
constexpr std::size_t kills = 8;

struct JsonAnswer {
    int status{0}; // 0: none
    boost::json::value body;
};

JsonAnswer call(int port, const std::string& verb, const std::string& path,
                const std::string& body = "")
{
    HttpConnection connection{port, 60s};
    const bool is_sent = connection.connect() &&
                         connection.send(verb + " " + path +
                                         " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                                         "Content-Type: application/json\r\nContent-Length: " +
                                         std::to_string(body.size()) + "\r\n\r\n" + body);
    const auto answer = is_sent ? connection.read_answer() : std::nullopt;
    if (!answer) {
        return {};
    }
    boost::system::error_code bad;
    auto parsed = boost::json::parse(answer->body, bad);
    return {answer->status, bad ? boost::json::value{} : std::move(parsed)};
}

struct Handled {
    std::string stream;
    std::uint64_t position;
    std::uint64_t token;
};

// What consumers did, as they saw it.
class Sink {
public:
    void claimed(const std::string& stream, std::uint64_t token)
    {
        const std::lock_guard lock{mutex_};
        claimed_[stream].emplace(token, steady_clock::now());
    }
    void handled(Handled one)
    {
        const std::lock_guard lock{mutex_};
        handled_.push_back(std::move(one));
    }
    // An acknowledgement that was accepted; it was sent at `sent`.
    void settled(const std::set<std::string>& streams, std::uint64_t token,
                 steady_clock::time_point sent)
    {
        const std::lock_guard lock{mutex_};
        ++settled_;
        for (const std::string& stream : streams) {
            for (const auto& [other, answered] : claimed_[stream]) {
                // Who was given the stream later had its answer before we asked, and we were still
                // believed to own it.
                two_owners_ += other > token && answered < sent ? 1U : 0U;
            }
        }
    }
    void stale() { ++stale_; }

    std::mutex mutex_;
    std::map<std::string, std::map<std::uint64_t, steady_clock::time_point>> claimed_;
    std::vector<Handled> handled_;
    std::size_t settled_{0};
    std::size_t two_owners_{0};
    std::atomic<std::size_t> stale_{0};
};

void consume(const std::vector<int>& ports, Sink& sink, const std::atomic<bool>& is_over,
             std::uint64_t number)
{
    auto random = random_generator(950 + number);
    while (!is_over) {
        const auto port = [&] { return ports[random() % ports.size()]; };
        const auto claim = call(port(), "POST", "/v1/groups/workers/claims",
                                R"({"max_events":)" + std::to_string(1 + random() % 20) + "}");
        if (claim.status != 200 || claim.body.at("token").is_null()) {
            std::this_thread::sleep_for(20ms);
            continue;
        }
        const std::string token_text = claim.body.at("token").as_string().c_str();
        const std::uint64_t token = std::stoull(token_text);
        const auto& events = claim.body.at("events").as_array();
        std::set<std::string> streams;
        for (const auto& delivered : events) {
            streams.insert(delivered.at("event").at("stream").as_string().c_str());
        }
        for (const std::string& stream : streams) {
            sink.claimed(stream, token);
        }
        const auto fate = random() % 12;
        if (fate == 0) {
            continue; // killed before it has done anything
        }
        for (const auto& delivered : events) {
            const auto& event = delivered.at("event");
            sink.handled({event.at("stream").as_string().c_str(),
                          std::stoull(event.at("position").as_string().c_str()), token});
        }
        if (fate == 1) {
            continue; // killed after its work, before it could say so
        }
        if (fate == 2) {
            std::this_thread::sleep_for(700ms); // longer than the lease
        }
        const std::string path = "/v1/groups/workers/claims/" + token_text;
        if (fate == 3) {
            call(port(), "POST", path + "/nack", R"({"delay_ms":50,"reason":"busy"})");
            continue;
        }
        const auto sent = steady_clock::now();
        const auto answer = call(port(), "POST", path + "/ack");
        if (answer.status == 200) {
            sink.settled(streams, token, sent);
        } else if (answer.status == 409) {
            sink.stale();
        }
    }
}

bool wait_until_idle(const std::vector<int>& ports)
{
    const auto deadline = steady_clock::now() + 90s;
    while (steady_clock::now() < deadline) {
        const auto group = call(ports.front(), "GET", "/v1/groups/workers");
        if (group.status == 200 && group.body.at("lag_events") == 0) {
            return true;
        }
        std::this_thread::sleep_for(100ms);
    }
    return false;
}

} // namespace

TEST_CASE("each event is handled, in the order of its stream, by one owner at a time, whoever dies",
          "[groups][cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    ClusterOptions options;
    options.nodes = 2;
    options.auditors = 0;
    Cluster cluster{options};
    const auto ports = cluster.node_ports();
    const std::string definition = R"({"lease_ms":500,"max_deliveries":1000})";
    const auto deadline = steady_clock::now() + 30s; // for the tables
    while (call(ports[0], "PUT", "/v1/groups/workers", definition).status != 201) {
        REQUIRE(steady_clock::now() < deadline);
        std::this_thread::sleep_for(100ms);
    }
    AppenderOptions load;
    load.ports = ports;
    load.seed = random_generator(940)();
    load.connections = 3;
    load.pause = 10ms;
    AppenderClient client{load};
    Sink sink;
    std::atomic<bool> is_over{false};
    std::vector<std::thread> threads;
    for (std::uint64_t number = 0; number < consumers; ++number) {
        threads.emplace_back([&, number] { consume(ports, sink, is_over, number); });
    }

    auto random = random_generator(941);
    for (std::size_t round = 0; round < kills; ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds{400 + random() % 600});
        const std::size_t node = random() % 2;
        cluster.kill(Member::node, node);
        std::this_thread::sleep_for(std::chrono::milliseconds{random() % 300});
        cluster.start(Member::node, node);
    }
    cluster.wait_until_ready();
    static_cast<void>(client.finish());
    const bool is_idle = wait_until_idle(ports);
    is_over = true;
    for (std::thread& thread : threads) {
        thread.join();
    }
    REQUIRE(is_idle);

    std::map<std::string, std::vector<std::uint64_t>> in_log;
    LedgerView view{cluster};
    for (const StoredRecord& stored : view.records()) {
        const auto event = decode_record(stored.record);
        REQUIRE(event);
        in_log[event->stream.to_string()].push_back(stored.position.value);
    }
    std::map<std::string, std::size_t>
        reached; // how many events of a stream have been handled once
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> last; // token and position
    std::size_t out_of_order = 0;
    for (const Handled& one : sink.handled_) {
        auto& count = reached[one.stream];
        const auto& expected = in_log[one.stream];
        const auto place = std::lower_bound(expected.begin(), expected.end(), one.position);
        const auto index = static_cast<std::size_t>(place - expected.begin());
        if (index > count) {
            ++out_of_order; // one before it has not been handled yet
        }
        count = std::max(count, index + 1);
        auto& [token, position] = last[one.stream];
        out_of_order += token == one.token && position >= one.position ? 1U : 0U;
        last[one.stream] = {one.token, one.position};
    }
    std::size_t missing = 0;
    std::size_t total = 0;
    for (const auto& [stream, positions] : in_log) {
        missing += positions.size() - reached[stream];
        total += positions.size();
    }
    std::cout << total << " events, handled " << sink.handled_.size() << " times, " << sink.settled_
              << " acknowledgements, " << sink.stale_ << " stale tokens" << std::endl;
    CHECK(missing == 0);
    CHECK(out_of_order == 0);
    CHECK(sink.two_owners_ == 0);
    CHECK(sink.stale_ > 0);
    CHECK(total > 100);
}

TEST_CASE("a group's life over HTTP: claim, nack, park, retry, skip, and who comes too late",
          "[groups][cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    ClusterOptions options;
    options.nats_servers = 0; // the single-database profile
    options.projectors = 0;
    options.auditors = 0;
    Cluster cluster{options};
    const int port = cluster.node_ports().front();
    for (const char* event : {R"({"type":"A"})", R"({"type":"B"})", R"({"type":"A"})"}) {
        REQUIRE(call(port, "POST", "/v1/streams/deal/1/events", event).status == 201);
    }
    REQUIRE(call(port, "POST", "/v1/streams/deal/2/events", R"({"type":"A"})").status == 201);

    CHECK(call(port, "GET", "/v1/groups/g").status == 404);
    CHECK(call(port, "POST", "/v1/groups/g/claims").status == 404);
    CHECK(call(port, "PUT", "/v1/groups/G").status == 400);
    CHECK(call(port, "PUT", "/v1/groups/g", R"({"lease":5})").status == 400);
    CHECK(call(port, "PUT", "/v1/groups/g", R"({"start":"99"})").status == 400);
    CHECK(call(port, "PUT", "/v1/groups/g", R"({"filter":{"types":["no type"]}})").status == 400);
    REQUIRE(call(port, "PUT", "/v1/groups/g",
                 R"({"filter":{"types":["A"]},"max_deliveries":2,"lease_ms":60000})")
                .status == 201);
    CHECK(call(port, "PUT", "/v1/groups/g",
               R"({"filter":{"types":["A"]},"max_deliveries":2,"lease_ms":60000})")
              .status == 200);
    CHECK(call(port, "GET", "/v1/groups").body.at("groups").as_array().size() == 1);

    // Two consumers get different streams; B is filtered out.
    const auto first = call(port, "POST", "/v1/groups/g/claims", R"({"max_events":2})");
    REQUIRE(first.body.at("events").as_array().size() == 2);
    CHECK(first.body.at("events").at(1).at("event").at("position") == "3");
    const auto second = call(port, "POST", "/v1/groups/g/claims");
    REQUIRE(second.body.at("events").as_array().size() == 1);
    CHECK(second.body.at("events").at(0).at("event").at("stream") == "deal/2");
    CHECK(call(port, "POST", "/v1/groups/g/claims").body.at("token").is_null());
    const std::string one =
        std::string{"/v1/groups/g/claims/"} + first.body.at("token").as_string().c_str();
    const std::string two =
        std::string{"/v1/groups/g/claims/"} + second.body.at("token").as_string().c_str();

    CHECK(call(port, "POST", two + "/extend").status == 200);
    CHECK(call(port, "POST", two + "/ack").body.at("acknowledged") == 1);
    CHECK(call(port, "POST", two + "/ack").status == 409);
    CHECK(call(port, "POST", two + "/extend").status == 409);
    CHECK(call(port, "POST", one + "/ack", R"({"through":"2"})").body.at("acknowledged") == 1);
    CHECK(call(port, "POST", one + "/nack", R"({"reason":"no"})")
              .body.at("parked")
              .as_array()
              .empty());
    CHECK(call(port, "POST", one + "/nack").status == 409);

    // The same event fails again, and parks its stream; a later event of the stream waits behind
    // it.
    REQUIRE(call(port, "POST", "/v1/streams/deal/1/events", R"({"type":"A"})").status == 201);
    const auto again = call(port, "POST", "/v1/groups/g/claims");
    REQUIRE(again.body.at("events").as_array().size() == 1); // alone, because it has failed
    CHECK(again.body.at("events").at(0).at("delivery") == 2);
    const std::string three =
        std::string{"/v1/groups/g/claims/"} + again.body.at("token").as_string().c_str();
    CHECK(call(port, "POST", three + "/nack", R"({"reason":"still no"})").body.at("parked").at(0) ==
          "deal/1");
    CHECK(call(port, "POST", "/v1/groups/g/claims").body.at("token").is_null());
    const auto parked = call(port, "GET", "/v1/groups/g/parked").body.at("parked").as_array();
    REQUIRE(parked.size() == 1);
    CHECK(parked[0].at("position") == "3");
    CHECK(parked[0].at("reason") == "still no");
    CHECK(call(port, "GET", "/v1/groups/g").body.at("parked_streams") == 1);

    CHECK(call(port, "POST", "/v1/groups/g/parked/deal/9/retry").status == 404);
    CHECK(call(port, "POST", "/v1/groups/g/parked/deal/1/skip").status == 204);
    CHECK(call(port, "POST", "/v1/groups/g/parked/deal/1/retry").status == 404);
    const auto rest = call(port, "POST", "/v1/groups/g/claims");
    REQUIRE(rest.body.at("events").as_array().size() == 1);
    CHECK(rest.body.at("events").at(0).at("event").at("position") == "5");
    CHECK(call(port, "DELETE", "/v1/groups/g").status == 204);
    CHECK(call(port, "GET", "/v1/groups/g").status == 404);
}

} // namespace sealstream::testing::groups_test
