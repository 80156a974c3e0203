// States of the past: what a fold from the beginning says, whatever they began with; refused when
// what they would begin with was changed; within bounds.

#include "integration/support/snapshot_home.hpp"
#include "projections/postgres_pack_reader.hpp"
#include "projections/rebuild.hpp"
#include "projections/snapshots/forgotten.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

namespace sealstream::past_state_test {

namespace {

using testing::has_no_postgres;
using testing::RunningProjector;
using testing::SnapshotHome;

// Three times as many transfers, and snapshots after the first and the second part.
void append_with_snapshots(SnapshotHome& home, std::mt19937_64& random, std::size_t part,
                           const Projection& bank = SnapshotHome::bank())
{
    for (int round = 0; round < 3; ++round) {
        home.append_transfers(random, part);
        home.fold({bank});
        if (round < 2) {
            REQUIRE(home.take());
        }
    }
}

std::string snapshot_schema(SnapshotHome& home, const std::string& position)
{
    return home.value("SELECT schema_name FROM sealstream.projection_snapshots WHERE position = $1",
                      {position});
}

} // namespace

TEST_CASE("a state of the past is what a fold from the beginning says, with snapshots and without",
          "[snapshots]")
{
    if (has_no_postgres()) {
        return;
    }
    SnapshotHome home;
    home.past_options.states_max = 1'000;
    auto random = testing::random_generator(151);
    home.append_transfers(random, 200);
    home.fold();
    for (int tries = 0; tries < 4; ++tries) { // without
        const Position at{random() % 201};
        INFO("position " << at.value);
        const auto past = home.past(at);
        REQUIRE(past);
        CHECK(home.base_of(at) == "0");
        CHECK(home.stored_in(past->schema_name) == home.expected_at(at));
    }
    REQUIRE(home.take());
    home.append_transfers(random, 200);
    home.fold();
    REQUIRE(home.take());
    home.append_transfers(random, 200);
    home.fold();

    for (int tries = 0; tries < 10; ++tries) {
        const Position at{201 + random() % 400};
        INFO("position " << at.value);
        const auto past = home.past(at);
        REQUIRE(past);
        CHECK(home.base_of(at) == (at.value < 400 ? "200" : "400"));
        CHECK(home.stored_in(past->schema_name) == home.expected_at(at));
    }
    CHECK(home.lines.unexpected_errors().empty());
}

TEST_CASE("a pack's query reads the past as it reads the present, and every page the same",
          "[snapshots]")
{
    if (has_no_postgres()) {
        return;
    }
    SnapshotHome home;
    auto random = testing::random_generator(152);
    append_with_snapshots(home, random, 200);
    PostgresPackReader reader{{"main", "bank", {"bank"}}, home.pool, home.threads};
    PackQuestion question;
    question.sql = "SELECT string_agg(account || '=' || units, ' ' ORDER BY account COLLATE \"C\")"
                   " AS all FROM balance";
    question.as_of = Position{321};
    CHECK(home.run(reader.read(question)).error().code == Errc::unsupported);
    reader.use_past(home.states());

    for (int page = 0; page < 3; ++page) {
        const auto rows = home.run(reader.read(question));
        REQUIRE(rows);
        CHECK(rows->reached == Position{321});
        REQUIRE(rows->rows.size() == 1);
        CHECK(rows->rows.front() == "{\"all\":\"" + home.expected_at(Position{321}) + "\"}");
    }
    CHECK(home.value("SELECT count(*) FROM sealstream.past_versions") == "1");

    question.sql = "UPDATE balance SET units = 0 RETURNING 1";
    CHECK(home.run(reader.read(question)).error().code == Errc::internal);
    question.sql = "SELECT count(*) FROM sealstream.projections";
    CHECK(home.run(reader.read(question)).error().code == Errc::internal);

    // Dropped between two questions: made again.
    question.sql = "SELECT count(*) AS n FROM balance";
    REQUIRE(home.run(reader.read(question)));
    {
        auto lease = home.pool.lend();
        const int version = std::stoi(home.value("SELECT version FROM sealstream.past_versions"));
        REQUIRE(*drop_past(**lease, "main", "bank", version));
    }
    CHECK(home.run(reader.read(question)));
}

TEST_CASE("a snapshot that was changed is found, refused by name, and never served", "[snapshots]")
{
    if (has_no_postgres()) {
        return;
    }
    const std::string changes[] = {
        "UPDATE {}.balance SET units = units + 1 WHERE account = '3' RETURNING 1",
        "INSERT INTO {}.balance VALUES ('new', 1) RETURNING 1",
        "DELETE FROM {}.balance WHERE account = '3' RETURNING 1",
        "INSERT INTO {}.balance SELECT * FROM {}.balance WHERE account = '3' RETURNING 1",
        "UPDATE sealstream.projection_snapshots SET position = 79 WHERE position = 80"
        " RETURNING 1",
        "UPDATE sealstream.projection_snapshots SET skipped_types = '{Transferred}'"
        " WHERE position = 80 RETURNING 1",
        "UPDATE sealstream.projection_snapshots SET tables[2] = '8' WHERE position = 80"
        " RETURNING 1",
        "ALTER TABLE {}.balance DROP COLUMN units",
        "DROP TABLE {}.balance",
    };
    auto random = testing::random_generator(153);
    for (std::string change : changes) {
        INFO(change);
        SnapshotHome home;
        home.lines.expect("snapshot.refused");
        append_with_snapshots(home, random, 40);
        const std::string schema = sql_name(snapshot_schema(home, "80"));
        for (auto place = change.find("{}"); place != std::string::npos;
             place = change.find("{}")) {
            change.replace(place, 2, schema);
        }
        {
            auto lease = home.pool.lend();
            REQUIRE((*lease)->run(change));
        }

        const auto past = home.past(Position{110});

        REQUIRE(past);
        CHECK(home.base_of(Position{110}) == "40");
        CHECK(home.stored_in(past->schema_name) == home.expected_at(Position{110}));
        CHECK(home.value("SELECT count(*) FROM sealstream.projection_snapshots"
                         " WHERE refused LIKE '%snapshot % of bank at position %'") == "1");
        CHECK(home.lines.unexpected_errors().empty());
    }
}

TEST_CASE("copies that may hold payloads that are forgotten by now are not used, and go",
          "[snapshots][retention]")
{
    if (has_no_postgres()) {
        return;
    }
    SnapshotHome home;
    auto random = testing::random_generator(153);
    auto bank = SnapshotHome::bank();
    bank.follows.emplace_back("sealstream-retention");
    append_with_snapshots(home, random, 100, bank);
    REQUIRE(home.past(Position{150}));
    CHECK(home.base_of(Position{150}) == "100");

    // A key is destroyed, and position 180 says so.
    CHECK(home.value(
              "INSERT INTO sealstream.payload_keys (ledger, name, retention_class, starts, ends,"
              " wrapped_by, destroyed, told_at) VALUES ('main', 'short/1/2', 'short', now(), now(),"
              " 'key', clock_timestamp(), 180) RETURNING 1") == "1");

    const auto again = home.past(Position{150});
    REQUIRE(again);
    CHECK(home.base_of(Position{150}) == "0");
    CHECK(home.stored_in(again->schema_name) == home.expected_at(Position{150}));
    REQUIRE(home.past(Position{250})); // the snapshot at 200 has folded what 180 says
    CHECK(home.base_of(Position{250}) == "200");
    auto lease = home.pool.lend();
    REQUIRE(lease);
    const auto dropped = drop_forgotten(**lease, "main");
    REQUIRE(dropped);
    CHECK(*dropped == 2); // the snapshot at 100, and the state that was made before
    CHECK(home.value("SELECT string_agg(position::text, ' ') FROM"
                     " sealstream.projection_snapshots") == "200");

    // What is kept for a rollback stands still as well. Of this key nothing has been said yet.
    FoldContext context = home.fold_context();
    context.folds = {bank};
    REQUIRE(home.run(rebuild_projection(context, {}, {})));
    CHECK(*drop_forgotten(**lease, "main") == 0);
    CHECK(home.value("INSERT INTO sealstream.payload_keys (ledger, name, retention_class, starts,"
                     " ends, wrapped_by, destroyed) VALUES ('main', 'short/2/3', 'short', now(),"
                     " now(), 'key', clock_timestamp()) RETURNING 1") == "1");

    CHECK(*drop_forgotten(**lease, "main") == 4); // the other snapshot, two states, the old version
    CHECK(home.value("SELECT string_agg(state, ' ') FROM sealstream.projections") == "active");
    CHECK(home.stored_in("main_bank") == home.expected_at(Position{300}));
    CHECK(home.lines.unexpected_errors().empty());
}

TEST_CASE("too many events for one question are refused, until a snapshot is near enough",
          "[snapshots]")
{
    if (has_no_postgres()) {
        return;
    }
    SnapshotHome home;
    home.past_options.events_max = 100;
    auto random = testing::random_generator(154);
    home.append_transfers(random, 250);
    home.fold();

    const auto refused = home.past(Position{101});

    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::refused);
    CHECK(home.past(Position{100}));
    REQUIRE(home.take());
    home.append_transfers(random, 100);
    home.fold();
    CHECK(home.past(Position{350}));
    CHECK(home.past(Position{249}).error().code == Errc::refused);
    CHECK(home.value("SELECT count(*) FROM sealstream.projections WHERE state = 'past'") == "2");
}

TEST_CASE("states of the past are few, and leave nothing when they go", "[snapshots]")
{
    if (has_no_postgres()) {
        return;
    }
    SnapshotHome home;
    home.past_options.states_max = 2;
    auto random = testing::random_generator(155);
    home.append_transfers(random, 60);
    home.fold();
    for (std::uint64_t at = 10; at <= 60; at += 10) {
        REQUIRE(home.past(Position{at}));
    }
    const auto is_few = [&home] {
        return home.value("SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%$p%'") == "2";
    };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!is_few() && std::chrono::steady_clock::now() < deadline) {
        home.context.restart();
        home.context.run_one_for(std::chrono::milliseconds{5});
    }
    CHECK(is_few());
    CHECK(home.value("SELECT count(*) FROM sealstream.past_versions") == "2");
    CHECK(home.value("SELECT count(*) FROM sealstream.projections") == "3");
    CHECK(home.past(Position{60})); // the newest is still there

    auto lease = home.pool.lend();
    REQUIRE(evict_past(**lease, "main", 10, std::chrono::seconds{0}));
    CHECK(home.value("SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%$p%'") == "0");
}

TEST_CASE("a state that is being read is not dropped", "[snapshots]")
{
    if (has_no_postgres()) {
        return;
    }
    SnapshotHome home;
    auto random = testing::random_generator(156);
    home.append_transfers(random, 20);
    home.fold();
    const auto past = home.past(Position{20});
    REQUIRE(past);
    auto reader = home.pool.lend();
    auto other = home.pool.lend();
    {
        auto transaction = Transaction::begin(**reader);
        REQUIRE(*hold_past(**reader, "main", *past));
        CHECK_FALSE(*drop_past(**other, "main", "bank", past->version));
    }
    CHECK(*drop_past(**other, "main", "bank", past->version));
    auto transaction = Transaction::begin(**reader);
    CHECK_FALSE(*hold_past(**reader, "main", *past));
}

} // namespace sealstream::past_state_test
