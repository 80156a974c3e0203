// What operators see of projections and order: rebuilds that survive, rollback, pause, parked
// streams, and writes past the projector.

#include "integration/support/pack_samples.hpp"
#include "projections/postgres_projection_admin.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <thread>

namespace sealstream::projection_admin_test {

namespace {

using testing::balances;
using testing::expected_balances;
using testing::has_no_postgres;
using testing::ProjectorHome;
using testing::RunningProjector;
using testing::stored_balances;
using testing::transfer;

struct AdminHome : ProjectorHome {
    PostgresProjectionAdmin admin{"main", log, pool, threads, clock};
    std::vector<Projection> folds{event_index_projection(), balances("bank", FoldForm::set)};

    void append_transfers(std::mt19937_64& random, std::size_t count)
    {
        for (std::size_t done = 0; done < count; ++done) {
            append({transfer(static_cast<int>(random() % 100))},
                   {"account", std::to_string(random() % 7)});
        }
    }

    ProjectionStatus status(const std::string& name = "bank")
    {
        auto read = run(admin.get(name));
        SEAL_CHECK(read.has_value(), "the database answers, and it is there");
        return *std::move(read);
    }

    [[nodiscard]] bool wait_for_rebuild(RunningProjector& projector, const std::string& state)
    {
        return projector.wait_until([this, &state] {
            const auto now = status();
            return now.rebuild && now.rebuild->state == state;
        });
    }
};

} // namespace

TEST_CASE("a rebuild that was ordered runs beside, is equal, swaps quickly, and can be rolled back",
          "[projections][admin]")
{
    if (has_no_postgres()) {
        return;
    }
    AdminHome home;
    auto random = testing::random_generator(91);
    home.append_transfers(random, 400);
    RunningProjector projector{home, nullptr, home.folds};
    REQUIRE(projector.wait_until_folded("bank", Position{400}));

    REQUIRE(home.run(home.admin.rebuild("bank", {})));
    REQUIRE(home.wait_for_rebuild(projector, "done"));

    const auto rebuilt = home.status();
    CHECK(rebuilt.rebuild->is_equal == true);
    CHECK(rebuilt.rebuild->version == 2);
    CHECK(*rebuilt.rebuild->swap_ms < 100);
    REQUIRE(rebuilt.versions.size() == 2);
    CHECK(rebuilt.versions[0].version == 2);
    CHECK(rebuilt.versions[1].state == "retired");
    home.append_transfers(random, 50);
    REQUIRE(projector.wait_until_folded("bank", Position{450}));
    CHECK(stored_balances(home, "bank") == expected_balances(home));

    REQUIRE(home.run(home.admin.roll_back("bank")));
    REQUIRE(projector.wait_until([&home] {
        const auto now = home.status();
        return now.versions[0].version == 1 && now.cursor == Position{450};
    }));
    CHECK(stored_balances(home, "bank") == expected_balances(home));
    const auto again = home.run(home.admin.order("bank", RebuildOrder::swap));
    REQUIRE(!again);
    CHECK(again.error().code == Errc::conflict);
    CHECK(home.lines.unexpected_errors().empty());
}

TEST_CASE(
    "a rebuild is throttled, paused, goes on after a restart where it stood, and is cancelled",
    "[projections][admin]")
{
    if (has_no_postgres()) {
        return;
    }
    AdminHome home;
    auto random = testing::random_generator(92);
    home.append_transfers(random, 300);
    {
        RunningProjector projector{home, nullptr, home.folds};
        REQUIRE(projector.wait_until_folded("bank", Position{300}));
        RebuildWish slowly;
        slowly.events_per_second = 100;
        REQUIRE(home.run(home.admin.rebuild("bank", slowly)));
        const auto twice = home.run(home.admin.rebuild("bank", slowly));
        REQUIRE(!twice);
        CHECK(twice.error().code == Errc::conflict);
        REQUIRE(projector.wait_until([&home] {
            const auto now = home.status();
            return now.rebuild->state == "running" && now.rebuild->folded >= Position{100};
        }));
        REQUIRE(home.run(home.admin.order("bank", RebuildOrder::pause)));
        REQUIRE(home.wait_for_rebuild(projector, "paused"));
        CHECK(home.status().rebuild->folded < Position{300});
    }
    const auto stood = home.status();
    RunningProjector projector{home, nullptr, home.folds};
    REQUIRE(home.run(home.admin.order("bank", RebuildOrder::resume)));
    REQUIRE(home.wait_for_rebuild(projector, "done"));
    CHECK(home.status().rebuild->version == stood.rebuild->version); // not begun again
    CHECK(home.status().rebuild->is_equal == true);

    RebuildWish by_hand;
    by_hand.swaps = false;
    REQUIRE(home.run(home.admin.rebuild("bank", by_hand)));
    REQUIRE(home.wait_for_rebuild(projector, "ready"));
    CHECK(home.status().versions.front().version == 2);
    REQUIRE(home.run(home.admin.order("bank", RebuildOrder::cancel)));
    REQUIRE(home.wait_for_rebuild(projector, "cancelled"));
    CHECK(home.value("SELECT count(*) FROM sealstream.projections WHERE state = 'building'") ==
          "0");
    CHECK(stored_balances(home, "bank") == expected_balances(home));
}

TEST_CASE("new SQL of a pack is built beside while the old one goes on, and then takes its place",
          "[projections][admin]")
{
    if (has_no_postgres()) {
        return;
    }
    AdminHome home;
    auto random = testing::random_generator(93);
    home.append_transfers(random, 200);
    RunningProjector projector{home, nullptr, home.folds};
    REQUIRE(projector.wait_until_folded("bank", Position{200}));
    home.folds.back() = balances("bank", FoldForm::rows);
    home.folds.back().schema_sql += "; CREATE TABLE noted (a integer)";

    projector.declare(home.folds); // while it runs, as after a restart
    REQUIRE(home.wait_for_rebuild(projector, "done"));
    home.append_transfers(random, 20);
    REQUIRE(projector.wait_until_folded("bank", Position{220}));

    CHECK(home.value("SELECT count(*) FROM main_bank.noted") == "0");
    CHECK(stored_balances(home, "bank") == expected_balances(home));
}

TEST_CASE("a projection that does not move says why", "[projections][admin]")
{
    if (has_no_postgres()) {
        return;
    }
    AdminHome home;
    auto random = testing::random_generator(94);
    home.append_transfers(random, 50);
    {
        RunningProjector projector{home, nullptr, home.folds};
        REQUIRE(projector.wait_until_folded("bank", Position{50}));
        CHECK(home.status().reason.code == "none");
        CHECK(home.status().lag_events == 0);

        REQUIRE(home.run(home.admin.pause("bank")));
        Position head;
        REQUIRE(projector.wait_until([&] { // it may be in the middle of a batch
            home.append_transfers(random, 1);
            head = home.status().head;
            return projector.wait_until_folded("event_index", head) && home.status().lag_events > 2;
        }));
        CHECK(home.status().reason.code == "paused");
        CHECK(home.status().lag_events > 0);
        CHECK(home.status().lag_seconds > 0);
        REQUIRE(home.run(home.admin.resume("bank")));
        REQUIRE(projector.wait_until_folded("bank", head));
    }
    for (int tries = 0; tries < 100 && home.status().reason.code == "none"; ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds{50}); // its session ends
    }
    CHECK(home.status().reason.code == "no_projector");
    const auto unknown = home.run(home.admin.get("elsewhere"));
    REQUIRE(!unknown);
    CHECK(unknown.error().code == Errc::not_found);
}

TEST_CASE("a row that was written past the projector is found and named", "[projections][admin]")
{
    if (has_no_postgres()) {
        return;
    }
    AdminHome home;
    auto random = testing::random_generator(95);
    home.append_transfers(random, 60);
    RunningProjector projector{home, nullptr, home.folds};
    REQUIRE(projector.wait_until_folded("bank", Position{60}));
    CHECK(home.status().foreign_writes == 0);

    CHECK(home.value("UPDATE main_bank.balance SET units = 1000000 WHERE account = '3'"
                     " RETURNING account") == "3");
    CHECK(home.value("INSERT INTO main_bank.balance VALUES ('mallory', 7) RETURNING units") == "7");
    CHECK(home.value("DELETE FROM main_bank.balance WHERE account = '4' RETURNING account") == "4");
    CHECK(home.value("UPDATE main_event_index.events SET actor = 'mallory' WHERE position = 9"
                     " RETURNING position") == "9");
    home.append_transfers(random, 30); // and what the projector writes is not counted
    REQUIRE(projector.wait_until_folded("bank", Position{90}));

    const auto writes = home.run(home.admin.foreign_writes("bank"));
    REQUIRE(writes);
    REQUIRE(writes->size() == 3);
    CHECK((*writes)[2].table == "main_bank.balance");
    CHECK((*writes)[2].operation == "UPDATE");
    CHECK((*writes)[2].rows == R"([{"units": 1000000, "account": "3"}])");
    CHECK((*writes)[1].rows == R"([{"units": 7, "account": "mallory"}])");
    CHECK((*writes)[0].operation == "DELETE");
    CHECK((*writes)[0].by.find("sealstream") != std::string::npos);
    CHECK(home.status().reason.code == "written_past");
    CHECK(home.status("event_index").foreign_writes == 1);

    REQUIRE(home.run(home.admin.rebuild("bank", {})));
    REQUIRE(home.wait_for_rebuild(projector, "ready")); // it differs: not swapped by itself
    CHECK(home.status().rebuild->is_equal == false);
    CHECK(home.status().rebuild->different_tables == std::vector<std::string>{"balance"});
    REQUIRE(home.run(home.admin.order("bank", RebuildOrder::swap)));
    REQUIRE(home.wait_for_rebuild(projector, "done"));
    CHECK(stored_balances(home, "bank") == expected_balances(home));
    CHECK(home.status().foreign_writes == 0);
}

} // namespace sealstream::projection_admin_test
