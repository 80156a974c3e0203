// Relays, NATS and Postgres killed at random while an application commits: every committed
// transaction is in the log once, whole and in the order of commits; nothing of a rolled back one
// is.

#include "integration/support/ledger_view.hpp"
#include "postgres/outbox/outbox_statements.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <limits>
#include <map>
#include <set>
#include <thread>

namespace sealstream::testing::outbox_crash_test {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr int writers = 4;
constexpr int accounts = 3;
constexpr std::size_t rounds_default = 16;
constexpr std::chrono::seconds duplicate_window{1}; // of NATS

std::size_t rounds()
{
    const char* const wanted = std::getenv("SEALSTREAM_CRASH_ROUNDS");
    return wanted != nullptr ? std::stoul(wanted) : rounds_default;
}

PostgresOptions options_of(const Cluster& cluster)
{
    PostgresOptions options;
    options.uri = cluster.database();
    options.connect_timeout = 2s;
    return options;
}

struct Attempt {
    steady_clock::time_point begun;
    steady_clock::time_point ended; // an answer, or none, to the commit
};

// One application process: changes its own table and appends, in one transaction.
class Application {
public:
    Application(const Cluster& cluster, int number)
        : options_{options_of(cluster)},
          number_{number},
          random_{random_generator(static_cast<std::uint64_t>(700 + number))}
    {
    }

    void run(const std::atomic<bool>& is_over)
    {
        std::unique_ptr<Connection> connection;
        while (!is_over) {
            if (connection == nullptr || connection->is_broken()) {
                auto opened = Connection::open(options_);
                if (!opened) {
                    std::this_thread::sleep_for(20ms);
                    continue;
                }
                connection = *std::move(opened);
                // A commit that was answered must survive the kill of the server.
                static_cast<void>(connection->run("SET synchronous_commit = on"));
            }
            const std::string name = std::to_string(number_) + "." + std::to_string(count_++);
            Attempt attempt{steady_clock::now(), {}};
            if (transfer(*connection, name)) {
                attempt.ended = steady_clock::now();
                attempts.emplace(name, attempt);
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{random_() % 5});
        }
    }

    std::map<std::string, Attempt> attempts; // whose commit was answered with success

private:
    bool transfer(Connection& connection, const std::string& name)
    {
        const std::string account = std::to_string(random_() % accounts);
        auto transaction = Transaction::begin(connection);
        if (!transaction) {
            return false;
        }
        const auto moved = connection.run(
            "UPDATE accounts SET moves = moves + 1 WHERE account = $1 RETURNING moves", {account});
        if (!moved) {
            return false;
        }
        const auto events = 1 + random_() % 4;
        const std::string move{moved->text(0, 0)};
        for (std::uint64_t number = 0; number < events; ++number) {
            const auto appended = connection.run(
                "SELECT event_id FROM sealstream.append('main', 'account/' || $1, 'Moved',"
                " json_build_object('name', $2::text, 'account', $1, 'move', $3::bigint,"
                "                   'number', $4::int))",
                {account, name, move, std::to_string(number)});
            if (!appended) {
                return false;
            }
        }
        const auto kept = connection.run("INSERT INTO transfers VALUES ($1, $2, $3, $4)",
                                         {name, account, move, std::to_string(events)});
        std::this_thread::sleep_for(std::chrono::microseconds{random_() % 2'000});
        return kept && random_() % 6 != 0 && transaction->commit();
    }

    const PostgresOptions options_;
    const int number_;
    std::mt19937_64 random_;
    int count_{0};
};

void prepare(const Cluster& cluster)
{
    const auto connection = Connection::open(options_of(cluster));
    REQUIRE(connection);
    REQUIRE(
        (*connection)
            ->run_script(
                "SET synchronous_commit = on;" // the tables survive the first kill
                "CREATE TABLE accounts (account text PRIMARY KEY, moves bigint NOT NULL DEFAULT 0);"
                "INSERT INTO accounts SELECT number FROM generate_series(0, 2) AS n (number);"
                "CREATE TABLE transfers (name text PRIMARY KEY, account text, move bigint, events "
                "int)"));
    const auto deadline = steady_clock::now() + 30s;
    while (steady_clock::now() < deadline) { // for the relay to say that there is an outbox
        const auto settings =
            (*connection)->run("SELECT FROM sealstream.append_settings WHERE target = 'outbox'");
        if (settings && settings->rows() == 1) {
            return;
        }
        std::this_thread::sleep_for(20ms);
    }
    FAIL("no relay has said where events go");
}

// A busy disk makes it slow: only standing still is a failure.
bool wait_until_drained(const Cluster& cluster)
{
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    auto deadline = steady_clock::now() + 60s;
    while (steady_clock::now() < deadline) {
        const auto connection = Connection::open(options_of(cluster));
        const auto lag =
            connection ? read_lag(**connection, "main") : Result<OutboxLag>{connection.error()};
        if (lag && lag->waiting_transactions == 0) {
            CHECK(lag->parked_transactions == 0);
            return true;
        }
        if (lag && lag->waiting_transactions < least) {
            least = lag->waiting_transactions;
            deadline = steady_clock::now() + 60s;
        }
        std::this_thread::sleep_for(50ms);
    }
    return false;
}

struct Transfer {
    std::string account;
    std::int64_t move{0};
    std::int64_t events{0};
    std::int64_t first_position{0}; // as the outbox was stamped
};

std::map<std::string, Transfer> committed(const Cluster& cluster)
{
    const auto connection = Connection::open(options_of(cluster));
    REQUIRE(connection);
    const auto rows =
        (*connection)
            ->run("SELECT name, t.account, t.move, t.events, o.position FROM transfers AS t"
                  " LEFT JOIN (SELECT data::json ->> 'name' AS name, min(position) AS position"
                  "            FROM sealstream.outbox GROUP BY 1) AS o USING (name)");
    REQUIRE(rows);
    std::map<std::string, Transfer> transfers;
    for (std::size_t row = 0; row < rows->rows(); ++row) {
        transfers.emplace(rows->text(row, 0),
                          Transfer{std::string{rows->text(row, 1)}, rows->integer(row, 2),
                                   rows->integer(row, 3), rows->integer(row, 4)});
    }
    return transfers;
}

struct Moved {
    std::string name;
    std::string account;
    std::int64_t move;
    std::int64_t number;
};

std::vector<Moved> in_log(const Cluster& cluster)
{
    std::vector<Moved> moves;
    LedgerView view{cluster};
    std::set<EventId> ids;
    for (const StoredRecord& stored : view.records()) {
        const auto event = decode_record(stored.record);
        REQUIRE(event);
        CHECK(ids.insert(event->draft.id).second);
        const auto data = boost::json::parse(event->draft.data);
        moves.push_back({data.at("name").as_string().c_str(),
                         data.at("account").as_string().c_str(), data.at("move").as_int64(),
                         data.at("number").as_int64()});
    }
    return moves;
}

// Nobody is left who could remember, and NATS forgets the ids meanwhile: only the log itself can
// tell what has landed.
void kill_all_relays(Cluster& cluster)
{
    for (std::size_t number = 0; number < cluster.count(Member::relay); ++number) {
        cluster.kill(Member::relay, number);
    }
    std::this_thread::sleep_for(duplicate_window + 500ms);
    for (std::size_t number = 0; number < cluster.count(Member::relay); ++number) {
        cluster.start(Member::relay, number);
    }
}

void kill_in_rounds(Cluster& cluster, std::size_t count)
{
    constexpr std::array members{Member::relay, Member::relay, Member::nats, Member::postgres};
    auto random = random_generator(701);
    for (std::size_t round = 0; round < count; ++round) {
        if (random() % 4 == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds{random() % 300});
            kill_all_relays(cluster);
            continue;
        }
        const Member member = members[random() % members.size()];
        const std::size_t number = random() % cluster.count(member);
        std::this_thread::sleep_for(std::chrono::milliseconds{random() % 300});
        cluster.kill(member, number);
        std::this_thread::sleep_for(std::chrono::milliseconds{random() % 150});
        cluster.start(member, number);
    }
}

} // namespace

TEST_CASE("whatever is killed, each committed transaction is in the log once, whole and in order",
          "[outbox][crash]")
{
    if (!Cluster::is_possible()) {
        return;
    }
    ClusterOptions options;
    options.projectors = 0;
    options.auditors = 0;
    options.relays = 2; // one works, one stands by
    options.duplicate_window = duplicate_window;
    options.settings = {"nats.acknowledge_ms=300"};
    Cluster cluster{options};
    prepare(cluster);
    std::vector<std::unique_ptr<Application>> applications;
    std::vector<std::thread> threads;
    std::atomic<bool> is_over{false};
    for (int number = 0; number < writers; ++number) {
        applications.push_back(std::make_unique<Application>(cluster, number));
        threads.emplace_back([application = applications.back().get(), &is_over] {
            application->run(is_over); // the vector still grows
        });
    }

    kill_in_rounds(cluster, rounds());
    is_over = true;
    for (std::thread& thread : threads) {
        thread.join();
    }
    REQUIRE(wait_until_drained(cluster));

    const auto transfers = committed(cluster);
    const auto moves = in_log(cluster);
    std::map<std::string, std::size_t> places; // of the first event
    std::map<std::string, std::int64_t> last_move;
    std::size_t wrong = 0;
    const auto expect = [&wrong](bool is_right, const std::string& what) {
        if (!is_right) {
            ++wrong;
            UNSCOPED_INFO(what);
        }
    };
    for (std::size_t at = 0; at < moves.size();) {
        const Moved& first = moves[at];
        const auto transfer = transfers.find(first.name);
        expect(transfer != transfers.end(), first.name + " was not committed, but is in the log");
        expect(places.emplace(first.name, at).second, first.name + " is there twice or in pieces");
        expect(first.move > last_move[first.account], first.name + " is out of order");
        last_move[first.account] = first.move;
        const std::int64_t size = transfer == transfers.end() ? 1 : transfer->second.events;
        if (transfer != transfers.end()) {
            expect(transfer->second.first_position == static_cast<std::int64_t>(at) + 1,
                   first.name + " is stamped with another position");
        }
        for (std::int64_t number = 0; number < size; ++number, ++at) {
            expect(at < moves.size() && moves[at].name == first.name && moves[at].number == number,
                   first.name + " is not whole");
        }
    }
    expect(places.size() == transfers.size(), "a committed transaction is not in the log");

    // What was answered before another one began comes first, whatever account it is of.
    std::map<std::string, Attempt> attempts;
    for (const auto& application : applications) {
        attempts.insert(application->attempts.begin(), application->attempts.end());
    }
    std::vector<std::pair<steady_clock::time_point, std::string>> begins;
    std::vector<std::pair<steady_clock::time_point, std::string>> ends;
    for (const auto& [name, attempt] : attempts) {
        expect(places.contains(name), name + " was committed and answered, and is lost");
        begins.emplace_back(attempt.begun, name);
        ends.emplace_back(attempt.ended, name);
    }
    std::sort(begins.begin(), begins.end());
    std::sort(ends.begin(), ends.end());
    std::size_t ended = 0;
    std::size_t furthest = 0; // place of what had ended before
    std::string who;
    for (const auto& [begun, name] : begins) {
        for (; ended < ends.size() && ends[ended].first < begun; ++ended) {
            if (places[ends[ended].second] >= furthest) {
                furthest = places[ends[ended].second];
                who = ends[ended].second;
            }
        }
        expect(who.empty() || furthest < places[name], name + " overtook " + who);
    }
    CHECK(wrong == 0);
    CHECK(attempts.size() > 50);
    CHECK(cluster.error_lines() == std::vector<std::string>{});
    std::cout << rounds() << " kills: " << transfers.size() << " transactions committed, "
              << moves.size() << " events in the log" << std::endl;
}

} // namespace sealstream::testing::outbox_crash_test
