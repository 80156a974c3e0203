// Replays and restores: the log folded into fresh tables, compared, and put in the place of others.

#include "integration/support/snapshot_home.hpp"
#include "projections/rebuild.hpp"
#include "projections/snapshots/replay.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <thread>

namespace sealstream::replay_test {

namespace {

using testing::are_equal;
using testing::has_no_postgres;
using testing::RunningProjector;
using testing::SnapshotHome;

using Other = ReplayReport::Other;

Result<ReplayReport> replay(SnapshotHome& home, ReplayOptions options = {})
{
    auto lease = home.pool.lend();
    auto defined = read_definitions(**lease, "main", "bank");
    if (!defined) {
        return defined.error();
    }
    return home.run(replay_projection(home.fold_context(), defined->front(), options));
}

std::vector<Projection> both()
{
    return {event_index_projection(), SnapshotHome::bank()};
}

std::vector<PastVersion> restore(SnapshotHome& home, Position at)
{
    auto lease = home.pool.lend();
    const auto defined = read_definitions(**lease, "main", "");
    REQUIRE(defined);
    std::vector<PastVersion> made;
    for (const Defined& one : *defined) {
        PastOptions options;
        options.at = at;
        options.is_kept = true;
        const auto built = home.run(build_past(home.fold_context(), one, options));
        REQUIRE(built);
        made.push_back(built->past);
    }
    return made;
}

} // namespace

TEST_CASE("a replay is equal to the live tables, with a snapshot and without, and leaves nothing",
          "[snapshots]")
{
    if (has_no_postgres()) {
        return;
    }
    SnapshotHome home;
    auto random = testing::random_generator(161);
    home.append_transfers(random, 200);
    home.fold();
    REQUIRE(home.take());
    home.append_transfers(random, 100);
    home.fold();

    const auto nearest = replay(home);
    REQUIRE(nearest);
    CHECK(nearest->past.base == Position{200});
    CHECK(nearest->past.position == Position{300});
    CHECK(nearest->events == 100);
    CHECK(nearest->other == Other::live);
    CHECK(nearest->is_equal);

    ReplayOptions whole;
    whole.has_snapshots = false;
    const auto beginning = replay(home, whole);
    REQUIRE(beginning);
    CHECK(beginning->events == 300);
    CHECK(beginning->is_equal);
    CHECK(beginning->tables == nearest->tables);

    whole.to = Position{200}; // where the live tables are no more, but a snapshot is
    const auto at_snapshot = replay(home, whole);
    REQUIRE(at_snapshot);
    CHECK(at_snapshot->other == Other::snapshot);
    CHECK(at_snapshot->is_equal);

    whole.to = Position{123};
    const auto nowhere = replay(home, whole);
    REQUIRE(nowhere);
    CHECK(nowhere->other == Other::none);

    ReplayOptions missing;
    missing.snapshot = Position{123};
    CHECK(replay(home, missing).error().code == Errc::not_found);
    CHECK(home.value("SELECT count(*) FROM sealstream.projections") == "1");
    CHECK(home.value("SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%$p%'") == "0");
}

TEST_CASE("a replay finds what somebody has changed in the live tables, and in a snapshot",
          "[snapshots]")
{
    if (has_no_postgres()) {
        return;
    }
    SnapshotHome home;
    home.lines.expect("snapshot.refused");
    auto random = testing::random_generator(162);
    home.append_transfers(random, 200);
    home.fold();
    const auto snapshot = home.take();
    REQUIRE(snapshot);
    REQUIRE(home.value("UPDATE main_bank.balance SET units = 0 WHERE account = '1' RETURNING 1") ==
            "1");

    const auto changed = replay(home);

    REQUIRE(changed);
    CHECK_FALSE(changed->is_equal);
    CHECK(changed->different_tables == std::vector<std::string>{"balance"});
    CHECK(changed->refused.empty());

    REQUIRE(home.value("UPDATE " + sql_name(snapshot->schema_name) +
                       ".balance SET units = 0 WHERE account = '1' RETURNING 1") == "1");
    const auto both_changed = replay(home); // the same forgery in both does not hide it
    REQUIRE(both_changed);
    CHECK_FALSE(both_changed->is_equal);
    CHECK(both_changed->refused.size() == 1);
    CHECK(both_changed->past.base == Position{});
}

TEST_CASE("all read models are restored to one position, swapped in at once, and go on",
          "[snapshots]")
{
    if (has_no_postgres()) {
        return;
    }
    SnapshotHome home;
    auto random = testing::random_generator(163);
    home.append_transfers(random, 300);
    home.fold(both());
    REQUIRE(home.take());
    home.append_transfers(random, 100);
    home.fold(both());
    const auto made = restore(home, Position{350});
    REQUIRE(made.size() == 2);
    CHECK(home.stored_in(made[0].schema_name) == home.expected_at(Position{350}));
    CHECK(home.stored_in("main_bank") == home.expected_at(Position{400}));
    CHECK(home.value("SELECT max(position) FROM " + sql_name(made[1].schema_name) + ".events") ==
          "350");

    {
        auto lease = home.pool.lend();
        auto swapped = swap_in_past(**lease, "main", made, true);
        for (int tries = 0; !swapped && tries < 50; ++tries) { // autovacuum reads it, too
            CHECK(swapped.error().code == Errc::conflict);
            std::this_thread::sleep_for(std::chrono::milliseconds{100});
            swapped = swap_in_past(**lease, "main", made, true);
        }
        REQUIRE(swapped);
    }

    CHECK(home.stored_in("main_bank") == home.expected_at(Position{350}));
    CHECK(home.value("SELECT string_agg(name || version || state || cursor, ' ' ORDER BY name,"
                     " version) FROM sealstream.projections") ==
          "bank1retired400 bank2active350 event_index1retired400 event_index2active350");
    CHECK(home.value("SELECT count(*) FROM sealstream.projections WHERE state = 'active'"
                     " AND paused_at IS NOT NULL") == "2");
    RunningProjector projector{home, nullptr, both()};
    home.append_transfers(random, 10);
    REQUIRE(projector.wait_until([&home] {
        return home.value("SELECT count(*) FROM sealstream.projections WHERE state = 'active'"
                          " AND epoch > 1") == "2";
    }));
    CHECK(home.stored_in("main_bank") == home.expected_at(Position{350})); // paused there
    REQUIRE(home.value("WITH resumed AS (UPDATE sealstream.projections SET paused_at = NULL"
                       " WHERE state = 'active' RETURNING 1) SELECT count(*) FROM resumed") == "2");
    REQUIRE(projector.wait_until_folded("bank", Position{410}));
    REQUIRE(projector.wait_until_folded("event_index", Position{410}));
    projector.stop();
    CHECK(home.stored_in("main_bank") == home.expected_at(Position{410}));
    CHECK(are_equal(home.indexed_events(), home.expected_events()));
    CHECK(home.value("SELECT count(*) FROM sealstream.past_versions") == "0");
}

TEST_CASE("nothing is swapped while a snapshot is taken, and a rebuild waits for it", "[snapshots]")
{
    if (has_no_postgres()) {
        return;
    }
    SnapshotHome home;
    auto random = testing::random_generator(164);
    home.append_transfers(random, 50);
    home.fold();
    const auto made = restore(home, Position{40});
    auto holder = home.pool.lend(); // as take_snapshot() does
    holder->close_at_return();
    REQUIRE(*try_hold_versions(**holder, "main", "bank"));
    auto lease = home.pool.lend();
    CHECK(swap_in_past(**lease, "main", made, false).error().code == Errc::conflict);
    CHECK(roll_back_version(**lease, "main", "bank").error().code == Errc::conflict);
    CHECK(home.stored_in("main_bank") == home.expected_at(Position{50}));

    FoldContext context = home.fold_context();
    context.folds = {SnapshotHome::bank()};
    bool is_rebuilt = false;
    Result<RebuildReport> report{Error{}};
    boost::asio::co_spawn(home.context, rebuild_projection(context, {}, {}),
                          [&](const std::exception_ptr&, Result<RebuildReport> ended) {
                              report = std::move(ended);
                              is_rebuilt = true;
                          });
    const auto run_until = [&home](const auto& is_so) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
        while (!is_so() && std::chrono::steady_clock::now() < deadline) {
            home.context.restart();
            home.context.run_one_for(std::chrono::milliseconds{5});
        }
        return is_so();
    };
    REQUIRE(run_until([&home] {
        return home.value("SELECT coalesce(max(cursor), 0) FROM sealstream.projections"
                          " WHERE state = 'building'") == "50";
    }));
    CHECK_FALSE(is_rebuilt);
    REQUIRE((*holder)->run("SELECT pg_advisory_unlock_all()"));
    REQUIRE(run_until([&is_rebuilt] { return is_rebuilt; }));
    REQUIRE(report);
    CHECK(report->is_equal);
}

TEST_CASE("a rebuild that is different takes the snapshots of what it replaces away", "[snapshots]")
{
    if (has_no_postgres()) {
        return;
    }
    SnapshotHome home;
    auto random = testing::random_generator(165);
    home.append_transfers(random, 50);
    home.fold();
    {
        // A superuser, whom no trigger sees.
        auto lease = home.pool.lend();
        REQUIRE((*lease)->run_script("SET session_replication_role = replica;"
                                     "UPDATE main_bank.balance SET units = units + 1;"
                                     "SET session_replication_role = origin"));
    }
    REQUIRE(home.take()); // of false tables
    FoldContext context = home.fold_context();
    context.folds = {SnapshotHome::bank()};

    const auto report = home.run(rebuild_projection(context, {}, {}));

    REQUIRE(report);
    CHECK_FALSE(report->is_equal);
    const auto past = home.past(Position{50});
    REQUIRE(past);
    CHECK(home.base_of(Position{50}) == "0");
    CHECK(home.stored_in(past->schema_name) == home.expected_at(Position{50}));
}

} // namespace sealstream::replay_test
