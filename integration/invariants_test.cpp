// Invariants and schedules of packs, with two that could run them: what is told is told once, and
// each moment appends once, whichever of them is killed and when.

#include "integration/support/http_client.hpp"
#include "integration/support/ledger_view.hpp"
#include "integration/support/watch_pack.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdlib>
#include <thread>

namespace invariants_test {

using namespace sealstream::testing;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

constexpr std::chrono::seconds longest{60};

class Watched {
public:
    explicit Watched(int nats_servers)
    {
        ClusterOptions options;
        options.nats_servers = nats_servers;
        options.nodes = 1;
        options.projectors = 2;
        options.settings = {"packs.enabled=" + write_watch_pack(packs_.path().string())};
        cluster_ = std::make_unique<Cluster>(options);
    }

    [[nodiscard]] Cluster& cluster() { return *cluster_; }

    void move(const std::string& account, int by)
    {
        const std::string body =
            "{\"type\":\"Moved\",\"data\":{\"by\":" + std::to_string(by) + "}}";
        const auto answer = ask("POST /v1/streams/account/" + account +
                                "/events HTTP/1.1\r\n"
                                "Host: localhost\r\nContent-Type: application/json\r\n"
                                "Content-Length: " +
                                std::to_string(body.size()) + "\r\n\r\n" + body);
        INFO(answer.body);
        REQUIRE(answer.status == 201);
    }

    // What is not there yet, because a projector begins, is asked for again.
    [[nodiscard]] json::object get(const std::string& path)
    {
        const auto deadline = std::chrono::steady_clock::now() + longest;
        while (true) {
            const auto answer = ask("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            const bool is_later = answer.status == 503 || answer.status == 404;
            if (!is_later || std::chrono::steady_clock::now() > deadline) {
                INFO(path << ": " << answer.body);
                REQUIRE(answer.status == 200);
                return json::parse(answer.body).as_object();
            }
            std::this_thread::sleep_for(50ms);
        }
    }

    // Of a stream; none while it has no events.
    [[nodiscard]] json::array events_of(const std::string& stream)
    {
        const auto answer = ask("GET /v1/streams/" + stream +
                                "/events?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        if (answer.status == 404) {
            return {};
        }
        REQUIRE(answer.status == 200);
        return json::parse(answer.body).at("events").as_array();
    }

    template <class Condition>
    void wait_until(const std::string& what, Condition condition)
    {
        const auto deadline = std::chrono::steady_clock::now() + longest;
        while (!condition()) {
            INFO("waited for: " << what << "\n"
                                << json::serialize(get("/v1/invariants")) << "\n"
                                << json::serialize(get("/v1/schedules")));
            REQUIRE(std::chrono::steady_clock::now() < deadline);
            std::this_thread::sleep_for(50ms);
        }
    }

    // Of the program, at the node.
    [[nodiscard]] Finished command(std::vector<std::string> words)
    {
        words.insert(words.begin(), std::getenv("SEALSTREAM_BINARY"));
        words.insert(words.end(), {"--url", "http://127.0.0.1:" +
                                                std::to_string(cluster_->node_ports().front())});
        return run_to_end(std::move(words), packs_.path());
    }

    // One of the two, at a moment by chance, and back again.
    void kill_one(std::mt19937_64& random)
    {
        const std::size_t number = random() % 2;
        std::this_thread::sleep_for(std::chrono::milliseconds{random() % 300});
        cluster_->kill(Member::projector, number);
        std::this_thread::sleep_for(std::chrono::milliseconds{random() % 200});
        cluster_->start(Member::projector, number);
    }

private:
    HttpAnswer ask(const std::string& request)
    {
        HttpConnection connection{cluster_->node_ports().front()};
        REQUIRE(connection.connect());
        REQUIRE(connection.send(request));
        const auto answer = connection.read_answer();
        REQUIRE(answer.has_value());
        return *answer;
    }

    TestFolder packs_{"packs"};
    std::unique_ptr<Cluster> cluster_;
};

std::string text(const json::value& value)
{
    return std::string{value.as_string()};
}

void breaches_in_rounds(int nats_servers, int rounds)
{
    Watched watched{nats_servers};
    auto random = random_generator(2);
    const std::string stream = "sealstream-invariant/watch.no_debt";
    watched.move("till", 5);

    for (int round = 1; round <= rounds; ++round) {
        INFO("round " << round);
        watched.move("till", -10);
        watched.kill_one(random);
        watched.wait_until("a breach", [&] {
            return watched.events_of(stream).size() >= static_cast<std::size_t>(2 * round - 1);
        });
        watched.kill_one(random);
        watched.move("till", 10);
        watched.wait_until("its end", [&] {
            return watched.events_of(stream).size() >= static_cast<std::size_t>(2 * round);
        });
    }

    const auto events = watched.events_of(stream);
    REQUIRE(events.size() == static_cast<std::size_t>(2 * rounds));
    std::uint64_t before = 0;
    for (std::size_t at = 0; at < events.size(); ++at) {
        const json::object& event = events[at].as_object();
        INFO(json::serialize(event));
        CHECK(text(event.at("type")) == (at % 2 == 0 ? "invariant.breached" : "invariant.held"));
        CHECK(text(event.at("source")) == "sealstream");
        const std::uint64_t seen = std::stoull(text(event.at("data").at("position")));
        CHECK(seen > before); // each was decided on newer tables than the one before
        before = seen;
        if (at % 2 == 0) {
            CHECK(event.at("data").at("rows") == json::parse(R"([{"id":"till","balance":-5}])"));
        }
    }
    CHECK(watched.cluster().error_lines() == std::vector<std::string>{});
}

} // namespace

TEST_CASE("a breach is told once, and its end once, whichever runner is killed", "[work][cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    INFO("seed " << seed());
    breaches_in_rounds(1, 6);
}

TEST_CASE("the same where Postgres is the log", "[work][single]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    INFO("seed " << seed());
    breaches_in_rounds(0, 4);
}

TEST_CASE("a schedule appends each event once, whichever runner is killed", "[work][cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    INFO("seed " << seed());
    Watched watched{1};
    auto random = random_generator(3);
    constexpr int accounts = 60;
    const auto swept = [&](int account) {
        const auto events = watched.events_of("account/a" + std::to_string(account));
        return std::count_if(events.begin(), events.end(), [](const json::value& event) {
            return event.at("type").as_string() == "Swept";
        });
    };

    watched.move("odd", 1); // its row is refused, each time, and stops nobody
    for (int account = 0; account < accounts; ++account) {
        watched.move("a" + std::to_string(account), 100);
        if (account % 10 == 9) {
            watched.kill_one(random);
        }
    }
    for (int account = 0; account < accounts; ++account) {
        watched.wait_until("account " + std::to_string(account),
                           [&] { return swept(account) > 0; });
    }
    // Tables that show all of it, looked at twice more: nothing is left to do.
    const auto runs = [&] {
        const auto status = watched.get("/v1/schedules/watch.sweep");
        return status.at("runs").to_number<std::uint64_t>() -
               status.at("failed_runs").to_number<std::uint64_t>();
    };
    const auto enough = runs() + 3;
    watched.wait_until("more runs", [&] { return runs() >= enough; });

    int doubled = 0;
    for (int account = 0; account < accounts; ++account) {
        doubled += swept(account) == 1 ? 0 : 1;
    }
    CHECK(doubled == 0);
    std::int64_t before = 0;
    std::uint64_t appended = 0;
    for (const json::value& event : watched.events_of("sealstream-schedule/watch.sweep")) {
        const auto moment = sealstream::from_rfc3339(text(event.at("data").at("moment")));
        REQUIRE(moment);
        CHECK(moment->nanoseconds > before);
        CHECK(moment->nanoseconds % 500'000'000 == 0);
        before = moment->nanoseconds;
        appended += event.at("data").at("appended").to_number<std::uint64_t>();
    }
    CHECK(appended == accounts);
    const auto status = watched.get("/v1/schedules/watch.sweep");
    CHECK(status.at("refused_rows").to_number<std::uint64_t>() > 0);
    CHECK(text(status.at("refused").at(0).at("code")) == "schema_violation");
    CHECK(watched.cluster().error_lines() == std::vector<std::string>{});
}

TEST_CASE("what can not be looked at is shown, and a page is an error line", "[work][cluster]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    Watched watched{1};
    watched.move("till", -1000);
    // Before the tables are made, that is why.
    watched.wait_until("failures", [&] {
        const auto shown = watched.get("/v1/invariants/watch.can_not_look");
        return !shown.at("failure").is_null() &&
               text(shown.at("failure").at("detail")).find("division by zero") != std::string::npos;
    });
    watched.wait_until("the page", [&] { return !watched.cluster().error_lines().empty(); });

    const auto failing = watched.get("/v1/invariants/watch.can_not_look");
    CHECK(text(failing.at("state")) != "breached"); // what it was before, if anything
    CHECK(failing.at("has_runner").as_bool());

    watched.wait_until("the status", [&] {
        return text(watched.get("/v1/invariants/watch.paged").at("state")) == "breached";
    });
    const auto lines = watched.cluster().error_lines();
    REQUIRE(lines.size() == 1);
    const auto line = json::parse(lines.front().substr(lines.front().find('{')));
    CHECK(text(line.at("event")) == "invariant.breached");
    CHECK(text(line.at("invariant")) == "watch.paged");
    CHECK(line.at("rows") == 1);
    const auto events = watched.events_of("sealstream-invariant/watch.paged");
    REQUIRE(events.size() == 1);
    CHECK(text(events.front().at("type")) == "DebtBreach");

    const Finished breached = watched.command({"invariants", "run", "watch.no_debt", "--json"});
    INFO(breached.output << breached.log);
    CHECK(breached.exit_code == 12);
    CHECK(json_of(breached).at("rows") == json::parse(R"([{"id":"till","balance":-1000}])"));
    CHECK(watched.command({"invariants", "run", "watch.can_not_look"}).exit_code == 11);
    CHECK(watched.command({"invariants", "run", "watch.none"}).exit_code == 3);
    CHECK(watched.command({"schedules"}).output.find("watch.sweep") != std::string::npos);

    const auto metrics_of = [&] {
        const auto page = http_get(watched.cluster().admin_port(), "/metrics");
        return page ? page->body : std::string{};
    };
    watched.wait_until("the metric", [&] {
        const auto page = metrics_of();
        const auto at = page.find("sealstream_invariant_breached{");
        return at != std::string::npos &&
               page.find("invariant=\"paged\"", at) != std::string::npos &&
               page.find("sealstream_invariant_failing{") != std::string::npos;
    });
}

} // namespace invariants_test
