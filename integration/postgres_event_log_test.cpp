// What is particular to the event log on Postgres; what all logs promise is in the contract tests.

#include "integration/support/postgres_home.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

#include <set>
#include <thread>

namespace sealstream::postgres_event_log_test {

namespace {

using testing::has_no_postgres;
using testing::PostgresHome;
using testing::PostgresServer;
using testing::sample_draft;

std::vector<StreamAppend> one_event(std::uint64_t number, const std::string& stream)
{
    return {StreamAppend{StreamName{"deal", stream}, Expected{}, {sample_draft(number)}}};
}

// Starts `count` appends at once and waits for all of them.
struct Crowd {
    std::vector<Result<Appended>> answers;

    Task<void> append(EventLog& log, std::uint64_t number, std::string stream)
    {
        auto batch = one_event(number, stream);
        auto answer = co_await log.append(std::move(batch));
        answers.push_back(std::move(answer));
    }
};

} // namespace

TEST_CASE("migrations run once, and a changed one is refused", "[postgres][migrations]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home; // has migrated
    auto connection = home.pool.lend();

    const auto again = migrate(**connection);
    REQUIRE(again);
    CHECK(again->applied == 0);
    CHECK(again->total >= 3);

    const std::array<EmbeddedFile, 1> changed{EmbeddedFile{"001_event_log.sql", "SELECT 1"}};
    CHECK(migrate(**connection, changed).error().code == Errc::unsupported);
}

TEST_CASE("a migration that fails leaves nothing behind", "[postgres][migrations]")
{
    if (has_no_postgres()) {
        return;
    }
    Pool pool{PostgresHome::options_for(testing::shared_server().create_database())};
    auto connection = pool.lend();
    const std::array<EmbeddedFile, 1> broken{
        EmbeddedFile{"001_x.sql", "CREATE TABLE sealstream.half (a int); SELECT 1 / 0"}};
    const std::array<EmbeddedFile, 1> repaired{
        EmbeddedFile{"001_x.sql", "CREATE TABLE sealstream.half (a int)"}};

    REQUIRE(!migrate(**connection, broken));

    const auto report = migrate(**connection, repaired);
    REQUIRE(report);
    CHECK(report->applied == 1);
}

TEST_CASE("a log is not opened in a database that was not migrated", "[postgres]")
{
    if (has_no_postgres()) {
        return;
    }
    boost::asio::io_context context;
    Pool pool{PostgresHome::options_for(testing::shared_server().create_database())};
    BlockingPool threads{BlockingPoolOptions{}};
    TaskGroup tasks{context.get_executor()};

    const auto opened =
        testing::run_task(context, PostgresEventLog::open({}, pool, threads, tasks));

    REQUIRE(!opened);
    CHECK(opened.error().code == Errc::unsupported);
}

TEST_CASE("appends that wait together are committed together", "[postgres]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    auto& log = home.open_log();
    const auto before = home.value("SELECT pg_current_xact_id()::text::bigint");
    Crowd crowd;

    for (std::uint64_t number = 1; number <= 500; ++number) {
        home.tasks.spawn("append", crowd.append(log, number, std::to_string(number % 50)));
    }
    home.run(home.tasks.wait_idle(std::chrono::seconds{20}));

    std::set<std::uint64_t> positions;
    for (const auto& answer : crowd.answers) {
        REQUIRE(answer);
        positions.insert(answer->events.front().position.value);
    }
    CHECK(positions.size() == 500);
    CHECK(*positions.rbegin() == 500);
    const auto after = home.value("SELECT pg_current_xact_id()::text::bigint");
    CHECK(std::stoll(after) - std::stoll(before) <= 10);
}

TEST_CASE("appends that wait for Postgres are bounded in bytes, and one is taken in any case",
          "[postgres]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    PostgresLogOptions options;
    options.queue_bytes_max = 100'000;
    auto& log = home.open_log(options);
    const auto large = [](std::uint64_t number, std::size_t bytes) {
        auto batch = one_event(number, std::to_string(number));
        batch.front().drafts.front().data = "\"" + std::string(bytes, 'x') + "\"";
        return batch;
    };
    REQUIRE(home.run(log.append(large(1, 300'000))));

    std::vector<Task<Result<Appended>>> crowd;
    for (std::uint64_t number = 10; number < 20; ++number) {
        crowd.push_back(log.append(large(number, 30'000)));
    }
    const auto answers = testing::run_tasks(home.context, std::move(crowd));

    std::size_t taken = 0;
    for (const auto& answer : answers) {
        taken += answer ? 1U : 0U;
        CHECK((answer || answer.error().code == Errc::overloaded));
    }
    CHECK(taken == 3);
    CHECK(home.run(log.append(large(30, 30'000)))); // room again
}

TEST_CASE("positions of two writers on one ledger have no gap", "[postgres]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    auto& first = home.open_log();
    auto& second = home.open_log();
    CHECK(first.incarnation() == second.incarnation());
    Crowd crowd;

    for (std::uint64_t number = 1; number <= 200; ++number) {
        EventLog& log = number % 2 == 0 ? first : second;
        home.tasks.spawn("append", crowd.append(log, number, "same"));
    }
    home.run(home.tasks.wait_idle(std::chrono::seconds{20}));

    const auto records = home.run(first.read_from(Position{}, ReadLimits{}));
    REQUIRE(records);
    CHECK(records->size() == 200);
    const auto head = home.run(second.stream_head(StreamName{"deal", "same"}));
    CHECK(head->version == Version{200});
}

TEST_CASE("stored records can not be changed or removed by SQL", "[postgres]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    auto& log = home.open_log();
    REQUIRE(home.run(log.append(one_event(1, "a"))));

    CHECK(home.value("UPDATE sealstream.records SET record = ''").find("append-only") !=
          std::string::npos);
    CHECK(home.value("DELETE FROM sealstream.records").find("append-only") != std::string::npos);
    CHECK(home.value("TRUNCATE sealstream.records").find("append-only") != std::string::npos);
    CHECK(home.value("SELECT count(*) FROM sealstream.records") == "1");
}

TEST_CASE("a feed hears at once what another process appends", "[postgres]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    PostgresLogOptions options;
    options.poll_interval =
        std::chrono::milliseconds{20'000}; // so that only a notification is quick
    auto& reader = home.open_log(options);
    auto& writer = home.open_log();
    const auto feed = reader.subscribe_from(Position{});
    const auto quiet = home.run(feed->next(10, std::chrono::milliseconds{0}));
    REQUIRE(quiet);
    CHECK(quiet->is_caught_up);
    while (home.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'") == "0") {
        home.context.poll();
        home.context.restart();
    }

    Crowd crowd;
    home.tasks.spawn("append", crowd.append(writer, 1, "a"));
    const auto heard = home.run(feed->next(10, std::chrono::milliseconds{15'000}));

    REQUIRE(heard);
    CHECK(heard->records.size() == 1);
    feed->close();
}

TEST_CASE("a log that went back behind a feed is corrupt", "[postgres]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    auto& log = home.open_log();
    REQUIRE(home.run(log.append(one_event(1, "a"))));
    const auto feed = log.subscribe_from(Position{2});

    const auto answer = home.run(feed->next(10, std::chrono::milliseconds{0}));

    REQUIRE(!answer);
    CHECK(answer.error().code == Errc::corrupt);
}

TEST_CASE("an acknowledged append survives kill -9 of the server, and none happens twice",
          "[postgres][crash]")
{
    if (has_no_postgres()) {
        return;
    }
    testing::PostgresServerOptions server_options;
    server_options.is_synced = true;
    PostgresServer server{server_options};
    PostgresHome home{server};
    auto& log = home.open_log();
    auto random = testing::random_generator(11);
    std::set<EventId> acknowledged;
    std::uint64_t number = 0;

    for (int round = 0; round < 5; ++round) {
        const auto delay = std::chrono::milliseconds{random() % 60};
        std::thread killer{[&server, delay] {
            std::this_thread::sleep_for(delay);
            server.kill();
            server.start();
        }};
        for (int count = 0; count < 100; ++count) {
            ++number;
            const auto batch = one_event(number, std::to_string(number % 7));
            auto answer = home.run(log.append(batch));
            while (!answer && info(answer.error().code).is_retryable) {
                answer = home.run(log.append(batch));
            }
            REQUIRE(answer);
            acknowledged.insert(batch.front().drafts.front().id);
        }
        killer.join();
    }

    const auto records = home.run(log.read_from(Position{}, ReadLimits{10'000, 100 << 20}));
    REQUIRE(records);
    std::set<EventId> stored;
    for (const StoredRecord& record : *records) {
        stored.insert(decode_record(record.record)->draft.id);
    }
    CHECK(records->size() == number);
    CHECK(stored == acknowledged);
}

} // namespace sealstream::postgres_event_log_test
