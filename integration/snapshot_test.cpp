// Snapshots: what they hold, what they are not taken of, and what becomes of them.

#include "integration/support/snapshot_home.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <thread>

namespace sealstream::snapshot_test {

namespace {

using testing::has_no_postgres;
using testing::RunningProjector;
using testing::SnapshotHome;
using testing::transfer;

std::string stray_schemas(SnapshotHome& home)
{
    return home.value("SELECT count(*) FROM pg_namespace AS n WHERE nspname LIKE '%$s%'"
                      " AND NOT EXISTS (SELECT FROM sealstream.projection_snapshots AS s"
                      "  WHERE s.schema_name = n.nspname)");
}

std::string taken(SnapshotHome& home)
{
    return home.value("SELECT coalesce(string_agg(position::text, ' ' ORDER BY position), '')"
                      " FROM sealstream.projection_snapshots WHERE refused IS NULL");
}

} // namespace

TEST_CASE("snapshots that are taken while folding goes on are at exactly their positions",
          "[snapshots]")
{
    if (has_no_postgres()) {
        return;
    }
    SnapshotHome home;
    auto random = testing::random_generator(141);
    SnapshotPolicy policy;
    policy.events = 150;
    policy.keep = 100;
    {
        RunningProjector projector{
            home, nullptr, {SnapshotHome::bank()}, RunningProjector::test_options(), policy};
        for (int round = 1; round <= 8; ++round) {
            REQUIRE(projector.wait_until(
                [&] { // events come all the time
                    home.append_transfers(random, 20);
                    return std::stoi(home.value("SELECT count(*) FROM"
                                                " sealstream.projection_snapshots")) >= round;
                },
                std::chrono::seconds{60}));
        }
    }

    int wrong = 0;
    const int count = std::stoi(home.value("SELECT count(*) FROM sealstream.projection_snapshots"));
    for (int at = 0; at < count; ++at) {
        const std::string offset = std::to_string(at);
        const std::string position = home.value(
            "SELECT position FROM sealstream.projection_snapshots ORDER BY number OFFSET $1",
            {offset});
        const std::string schema = home.value(
            "SELECT schema_name FROM sealstream.projection_snapshots ORDER BY number OFFSET $1",
            {offset});
        INFO("position " << position);
        wrong +=
            home.stored_in(schema) == home.expected_at(Position{std::stoull(position)}) ? 0 : 1;
    }
    CHECK(wrong == 0);
    CHECK(home.lines.unexpected_errors().empty());
}

TEST_CASE("no more snapshots are kept than are wanted, and an order is done beside the policy",
          "[snapshots]")
{
    if (has_no_postgres()) {
        return;
    }
    SnapshotHome home;
    auto random = testing::random_generator(142);
    SnapshotPolicy policy;
    policy.events = 100;
    policy.keep = 3;
    RunningProjector projector{
        home, nullptr, {SnapshotHome::bank()}, RunningProjector::test_options(), policy};
    for (std::uint64_t round = 1; round <= 8; ++round) {
        home.append_transfers(random, 100);
        REQUIRE(projector.wait_until_folded("bank", Position{100 * round}));
        REQUIRE(projector.wait_until([&home, round] {
            return home.value("SELECT max(position) FROM sealstream.projection_snapshots") ==
                   std::to_string(100 * round);
        }));
    }
    REQUIRE(projector.wait_until([&home] {
        return home.value("SELECT count(*) FROM sealstream.projection_snapshots") == "3";
    }));
    CHECK(home.value("SELECT max(position) FROM sealstream.projection_snapshots") == "800");

    home.append_transfers(random, 10);
    REQUIRE(projector.wait_until_folded("bank", Position{810}));
    REQUIRE(home.value("INSERT INTO sealstream.snapshot_orders (ledger, name, state)"
                       " VALUES ('main', 'bank', 'waiting') RETURNING 1") == "1");
    REQUIRE(projector.wait_until(
        [&home] { return home.value("SELECT state FROM sealstream.snapshot_orders") == "done"; }));
    CHECK(home.value("SELECT max(position) FROM sealstream.projection_snapshots") == "810");
    REQUIRE(projector.wait_until([&home] {
        return home.value("SELECT count(*) FROM sealstream.projection_snapshots") == "3";
    }));
    projector.stop();
    CHECK(stray_schemas(home) == "0");
    CHECK(home.value("SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%$s%'") == "3");
}

TEST_CASE("types, references, generated columns and sequences of a pack come back from a snapshot",
          "[snapshots]")
{
    if (has_no_postgres()) {
        return;
    }
    SnapshotHome home;
    auto random = testing::random_generator(143);
    Projection rich = SnapshotHome::bank();
    rich.schema_sql =
        "CREATE TYPE mood AS ENUM ('low', 'high');"
        "CREATE TYPE pair AS (a integer, b text);"
        "CREATE DOMAIN units AS bigint CHECK (VALUE >= 0);"
        "CREATE TABLE entry (number bigint GENERATED ALWAYS AS IDENTITY, account text,"
        "  amount units, at timestamptz, moods mood[], twin pair, PRIMARY KEY (number));"
        "CREATE TABLE balance (account text PRIMARY KEY, units bigint, state mood,"
        "  twice bigint GENERATED ALWAYS AS (units * 2) STORED);"
        "ALTER TABLE entry ADD FOREIGN KEY (account) REFERENCES balance;"
        "INSERT INTO balance VALUES ('none', 0, 'low')";
    rich.indexes_sql = "CREATE INDEX entries_by_account ON entry (account)";
    rich.apply_sql =
        "INSERT INTO balance SELECT stream_id, sum((data->>'amount')::bigint), 'low' FROM batch"
        " GROUP BY stream_id ON CONFLICT (account) DO UPDATE SET"
        " units = balance.units + excluded.units, state = CASE WHEN balance.units > 500"
        " THEN 'high'::mood ELSE 'low' END;"
        "INSERT INTO entry (account, amount, at, moods, twin) SELECT stream_id,"
        " (data->>'amount')::bigint, ingested, ARRAY['high', 'low']::mood[],"
        " ROW(version, '\"it''s, (odd)\"')::pair FROM batch ORDER BY position";
    home.append_transfers(random, 230);
    home.fold({rich});
    const auto snapshot = home.take();
    REQUIRE(snapshot);
    CHECK(snapshot->tables.size() == 2);
    CHECK(snapshot->sequences.size() == 1);
    home.append_transfers(random, 120);
    home.fold({rich});

    const auto past = home.past(Position{350});

    REQUIRE(past);
    CHECK(home.base_of(Position{350}) == "230");
    auto lease = home.pool.lend();
    const auto live = digest_tables(**lease, "main_bank");
    const auto rebuilt = digest_tables(**lease, past->schema_name);
    REQUIRE(live);
    REQUIRE(rebuilt);
    CHECK(*live == *rebuilt);
    CHECK(live->front().rows + live->back().rows == 350 + 8);
    CHECK(home.value("SELECT count(*) FROM pg_indexes WHERE schemaname = '" + past->schema_name +
                     "'") == home.value("SELECT count(*) FROM pg_indexes WHERE schemaname ="
                                        " 'main_bank'"));
    CHECK(home.value("SELECT count(*) FROM sealstream.foreign_writes") == "0");
}

TEST_CASE("tables that are not what the log says are not copied", "[snapshots]")
{
    if (has_no_postgres()) {
        return;
    }
    SnapshotHome home;
    CHECK(home.take().error().code == Errc::not_found);
    auto random = testing::random_generator(144);
    home.append_transfers(random, 50);
    home.append({testing::sample_draft(1)}, {"account", "odd"}); // no amount: sum of nulls
    Projection strict = SnapshotHome::bank();
    strict.schema_sql = "CREATE TABLE balance (account text PRIMARY KEY, units bigint NOT NULL)";
    home.fold({strict});
    REQUIRE(home.value("SELECT count(*) FROM sealstream.parked_streams") == "1");

    const auto parked = home.take();

    REQUIRE(!parked);
    CHECK(parked.error().code == Errc::refused);
    CHECK(parked.error().context.find("parked") != std::string::npos);

    REQUIRE(home.value("WITH gone AS (DELETE FROM sealstream.parked_streams RETURNING 1)"
                       " SELECT count(*) FROM gone") == "1");
    REQUIRE(home.take());
    REQUIRE(home.value("UPDATE main_bank.balance SET units = 0 WHERE account = '1' RETURNING 1") ==
            "1");
    const auto written = home.take();
    REQUIRE(!written);
    CHECK(written.error().code == Errc::refused);
    CHECK(written.error().context.find("wrote") != std::string::npos);
}

TEST_CASE("nothing half is left when Postgres is killed while snapshots are taken",
          "[snapshots][crash]")
{
    if (has_no_postgres()) {
        return;
    }
    testing::PostgresServer server;
    SnapshotHome home{server};
    auto random = testing::random_generator(145);
    // Rows enough that copying them takes a while.
    Projection wide = SnapshotHome::bank();
    wide.schema_sql += ";CREATE TABLE filler AS SELECT n, repeat('x', 200) AS text"
                       " FROM generate_series(1, 60000) AS n";
    home.append_transfers(random, 300);
    SnapshotPolicy policy;
    policy.events = 1;
    policy.keep = 4;
    RunningProjector projector{home, nullptr, {wide}, RunningProjector::test_options(), policy};
    REQUIRE(projector.wait_until_folded("bank", Position{300}, std::chrono::seconds{60}));
    for (unsigned round = 1; round <= 4; ++round) {
        home.append_transfers(random, 100);
        const auto delay = std::chrono::milliseconds{20 + random() % 500};
        std::thread killer{[&server, delay] {
            std::this_thread::sleep_for(delay);
            server.kill();
            server.start();
        }};
        const bool is_folded = projector.wait_until_folded("bank", Position{300 + 100U * round},
                                                           std::chrono::seconds{60});
        killer.join();
        REQUIRE(is_folded);
    }
    REQUIRE(projector.wait_until(
        [&home] {
            return home.value("SELECT max(position) FROM sealstream.projection_snapshots") == "700";
        },
        std::chrono::seconds{60}));
    projector.stop();

    CHECK(stray_schemas(home) == "0");
    CHECK(home.stored_in("main_bank") == home.expected_at(Position{700}));
    const std::string positions = taken(home);
    INFO("positions " << positions);
    const auto past = home.past(Position{700}); // what is served is what was sealed
    REQUIRE(past);
    CHECK(home.base_of(Position{700}) == "700");
    CHECK(home.stored_in(past->schema_name) == home.expected_at(Position{700}));
}

} // namespace sealstream::snapshot_test
