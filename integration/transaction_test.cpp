// Transactions on real servers, killed and led by others: each is whole or absent, its conditions
// held where it stands, and what a 412 says is enough to try again.

#include "core/event/codec.hpp"
#include "integration/support/http_client.hpp"
#include "integration/support/ledger_invariants.hpp"
#include "integration/support/ledger_view.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <boost/json/parse.hpp>

#include <iostream>
#include <set>
#include <thread>

namespace transaction_test {

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

constexpr std::size_t guards = 3; // streams in conditions, which others move on

struct Transaction {
    std::vector<std::string> ids;
    std::string guard;
    std::uint64_t guard_version{0};
    std::string text; // the request
};

struct Outcome {
    std::vector<Transaction> landed;
    std::vector<Transaction> refused;
    std::vector<Transaction> unknown;
    std::size_t untold{0}; // refusals that did not say where the streams are
    AppendedByClients appended;
};

std::string random_uuid(std::mt19937_64& random)
{
    EventId id;
    for (std::byte& byte : id.bytes) {
        byte = static_cast<std::byte>(random() & 0xff);
    }
    return id.to_string();
}

// One client: transactions over a chained and a plain stream, on condition that a guard has not
// moved; now and then it moves a guard itself.
class Client {
public:
    Client(std::vector<int> ports, std::uint64_t number)
        : ports_{std::move(ports)},
          random_{random_generator(number)},
          next_port_{number}
    {
    }

    void run_until(const std::atomic<bool>& is_over)
    {
        while (!is_over) {
            if (random_() % 8 == 0) {
                move_guard();
                continue;
            }
            Transaction transaction = make();
            settle(std::move(transaction));
        }
    }

    Outcome outcome;
    std::atomic<std::size_t> landed{0};

private:
    std::string request(const std::string& target, const std::string& body)
    {
        return "POST " + target +
               " HTTP/1.1\r\nHost: localhost\r\nSealstream-Source: clients\r\n"
               "Content-Type: application/json\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    std::string events(std::size_t count, Transaction& to)
    {
        std::string list;
        for (std::size_t at = 0; at < count; ++at) {
            to.ids.push_back(random_uuid(random_));
            list += (at == 0 ? "" : ",") + std::string{R"({"type":"Moved","id":")"} +
                    to.ids.back() + R"("})";
        }
        return "[" + list + "]";
    }

    Transaction make()
    {
        Transaction made;
        made.guard = "guard/" + std::to_string(random_() % guards);
        made.guard_version = guard_versions_[made.guard];
        const std::size_t many = random_() % 20 == 0 ? 200 : 3;
        std::string body =
            R"({"appends":[{"stream":"deal/)" + std::to_string(random_() % 6) + R"(","events":)";
        body += events(1 + random_() % many, made);
        body += R"(},{"stream":"note/)" + std::to_string(random_() % 6) + R"(","events":)";
        body += events(1 + random_() % many, made);
        body += R"(}],"conditions":[{"stream":")" + made.guard + R"(","expected":")" +
                std::to_string(made.guard_version) + R"("}]})";
        made.text = request("/v1/transactions", body);
        return made;
    }

    void move_guard()
    {
        const std::string body = R"({"type":"GuardMoved","id":")" + random_uuid(random_) + R"("})";
        const std::string text =
            request("/v1/streams/guard/" + std::to_string(random_() % guards) + "/events", body);
        const auto answer = final_answer(text);
        if (!answer || answer->status != 201) {
            outcome.appended.unexpected.push_back(
                "a guard does not move: " +
                (answer ? answer->head + answer->body : std::string{"no answer"}));
        }
    }

    // What comes of a request that is repeated while the ledger is away: an election takes the
    // log's servers some seconds, and a node that was killed as long again.
    std::optional<HttpAnswer> final_answer(const std::string& text)
    {
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (std::chrono::steady_clock::now() < deadline) {
            auto answer = exchange(text);
            if (answer && answer->status != 503) {
                return answer;
            }
            std::this_thread::sleep_for(50ms);
        }
        return std::nullopt;
    }

    void settle(Transaction transaction)
    {
        const auto answer = final_answer(transaction.text);
        if (answer && answer->status == 201) {
            acknowledge(transaction, *answer);
        } else if (answer && answer->status == 412) {
            learn(*answer);
            auto& refused = outcome.appended.refused;
            refused.insert(refused.end(), transaction.ids.begin(), transaction.ids.end());
            outcome.refused.push_back(std::move(transaction));
        } else {
            if (answer) {
                outcome.appended.unexpected.push_back(answer->head + answer->body);
            }
            outcome.unknown.push_back(std::move(transaction));
        }
    }

    // The guard's version is all that a client needs to try again. An answer may lack it while the
    // log's server is away: the refusal stands, and the next one tells.
    void learn(const HttpAnswer& answer)
    {
        const auto body = json::parse(answer.body).as_object();
        const auto* conflicts = body.if_contains("conflicts");
        if (conflicts == nullptr) {
            ++outcome.untold;
            return;
        }
        for (const auto& conflict : conflicts->as_array()) {
            const auto* const version = conflict.as_object().if_contains("current_version");
            outcome.untold += version == nullptr ? 1U : 0U;
            if (version != nullptr) {
                guard_versions_[json::value_to<std::string>(conflict.at("stream"))] =
                    std::stoull(json::value_to<std::string>(*version));
            }
        }
    }

    void acknowledge(Transaction& transaction, const HttpAnswer& answer)
    {
        const auto body = json::parse(answer.body);
        for (const auto& append : body.at("appends").as_array()) {
            for (const auto& event : append.at("events").as_array()) {
                outcome.appended.acknowledged.push_back(
                    {json::value_to<std::string>(event.at("id")),
                     json::value_to<std::string>(append.at("stream")),
                     std::stoull(json::value_to<std::string>(event.at("position"))),
                     std::stoull(json::value_to<std::string>(event.at("version")))});
            }
        }
        outcome.landed.push_back(std::move(transaction));
        ++landed;
    }

    std::optional<HttpAnswer> exchange(const std::string& text)
    {
        if (!connection_) {
            connection_.emplace(ports_[next_port_++ % ports_.size()]);
        }
        auto answer = connection_->connect() && connection_->send(text) ? connection_->read_answer()
                                                                        : std::nullopt;
        if (!answer || answer->field("Connection") == "close") {
            connection_.reset();
        }
        return answer;
    }

    std::vector<int> ports_;
    std::mt19937_64 random_;
    std::size_t next_port_;
    std::optional<HttpConnection> connection_;
    std::map<std::string, std::uint64_t> guard_versions_;
};

// Every transaction of `all` is in the log as a whole, without a stranger between, or not at all;
// where it is, its guard was at the expected version. In words what is wrong.
std::vector<std::string> broken_transactions(const std::vector<StoredRecord>& records,
                                             const Outcome& all)
{
    std::vector<std::string> broken;
    std::map<std::string, std::uint64_t> place; // by event id
    std::map<std::uint64_t, std::map<std::string, std::uint64_t>> guard_before;
    std::map<std::string, std::uint64_t> guard_now;
    for (const StoredRecord& record : records) {
        const auto event = decode_record(record.record);
        REQUIRE(event.has_value());
        place[event->draft.id.to_string()] = record.position.value;
        guard_before[record.position.value] = guard_now;
        if (event->stream.type == "guard") {
            guard_now[event->stream.to_string()] = event->version.value;
        }
    }
    for (const auto* group : {&all.landed, &all.unknown, &all.refused}) {
        for (const Transaction& one : *group) {
            std::set<std::uint64_t> places;
            for (const std::string& id : one.ids) {
                if (const auto found = place.find(id); found != place.end()) {
                    places.insert(found->second);
                }
            }
            const bool is_whole = places.size() == one.ids.size() &&
                                  *places.rbegin() - *places.begin() + 1 == places.size();
            const bool must_be_there = group == &all.landed;
            const bool may_be_there = group != &all.refused;
            if (places.empty() ? must_be_there : !is_whole || !may_be_there) {
                broken.push_back("of " + std::to_string(one.ids.size()) + " events " +
                                 std::to_string(places.size()) + " are there");
            } else if (!places.empty() &&
                       guard_before[*places.begin()][one.guard] != one.guard_version) {
                broken.push_back(one.guard + " had moved on before " +
                                 std::to_string(*places.begin()));
            }
        }
    }
    return broken;
}

template <class Disturb>
void check_transactions(ClusterOptions options, int rounds, Disturb disturb)
{
    options.nodes = 2;
    Cluster cluster{options};
    std::vector<std::unique_ptr<Client>> clients;
    std::vector<std::thread> threads;
    std::atomic<bool> is_over{false};
    for (std::uint64_t number = 0; number < 6; ++number) {
        clients.push_back(std::make_unique<Client>(cluster.node_ports(), number));
        threads.emplace_back([client = clients.back().get(), &is_over] {
            client->run_until(is_over); // the vector still grows
        });
    }
    const auto landed = [&clients] {
        std::size_t count = 0;
        for (const auto& client : clients) {
            count += client->landed;
        }
        return count;
    };
    bool is_stuck = false;
    for (int round = 0; round < rounds && !is_stuck; ++round) {
        const std::size_t enough = landed() + 40;
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (landed() < enough && !is_stuck) {
            std::this_thread::sleep_for(5ms);
            is_stuck = std::chrono::steady_clock::now() > deadline;
        }
        disturb(cluster, round);
    }
    is_over = true;
    Outcome all;
    for (std::size_t at = 0; at < threads.size(); ++at) {
        threads[at].join();
        const auto add = [](auto& to, const auto& from) {
            to.insert(to.end(), from.begin(), from.end());
        };
        const Outcome& one = clients[at]->outcome;
        add(all.landed, one.landed);
        add(all.refused, one.refused);
        add(all.unknown, one.unknown);
        all.untold += one.untold;
        add(all.appended.acknowledged, one.appended.acknowledged);
        add(all.appended.refused, one.appended.refused);
        add(all.appended.unexpected, one.appended.unexpected);
    }
    std::cout << all.landed.size() << " transactions landed, " << all.refused.size() << " refused, "
              << all.unknown.size() << " unknown, " << all.untold << " refusals without details"
              << std::endl;
    CHECK(!is_stuck);
    CHECK(!all.refused.empty());
    CHECK(all.untold * 4 <= all.refused.size()); // only while a server is away
    CHECK(all.unknown.empty());
    check_ledger_invariants(cluster, all.appended);
    LedgerView view{cluster};
    const auto broken = broken_transactions(view.records(), all);
    INFO((broken.empty() ? "" : broken.front()));
    CHECK(broken.empty());
}

} // namespace

TEST_CASE("a transaction is whole or absent when the log's server is killed", "[transactions]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    check_transactions({}, 6, [](Cluster& cluster, int round) {
        const Member member = round % 3 == 2 ? Member::node : Member::nats;
        cluster.kill(member);
        cluster.start(member);
    });
}

TEST_CASE("a transaction is whole or absent when the leader of the log changes", "[transactions]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    ClusterOptions options;
    options.nats_servers = 3;
    check_transactions(options, 4, [](Cluster& cluster, int) {
        int leader = -1;
        for (int tries = 0; tries < 200 && leader < 0; ++tries) {
            leader = cluster.nats().leader_of("EV_main");
            std::this_thread::sleep_for(50ms);
        }
        REQUIRE(leader >= 0);
        cluster.kill(Member::nats, static_cast<std::size_t>(leader));
        std::this_thread::sleep_for(500ms);
        cluster.start(Member::nats, static_cast<std::size_t>(leader));
        cluster.nats().wait_for_quorum();
    });
}

TEST_CASE("a transaction is whole or absent when Postgres is the log and dies", "[transactions]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    ClusterOptions options;
    options.nats_servers = 0;
    check_transactions(options, 4, [](Cluster& cluster, int) {
        cluster.kill(Member::postgres);
        cluster.start(Member::postgres);
    });
}

} // namespace transaction_test
