// Projections of packs on a real Postgres, beside the event index: exactly once, in the roles of
// the pack, and each for itself when something goes wrong.

#include "core/rules/schema_rules.hpp"
#include "core/rules/system_streams.hpp"
#include "integration/support/pack_samples.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <thread>

namespace sealstream::pack_projection_test {

namespace {

using testing::are_equal;
using testing::balances;
using testing::expected_balances;
using testing::has_no_postgres;
using testing::ProjectorHome;
using testing::RunningProjector;
using testing::stored_balances;
using testing::transfer;

std::vector<Projection> with_index(std::vector<Projection> others)
{
    others.insert(others.begin(), event_index_projection());
    return others;
}

void append_transfers(ProjectorHome& home, std::mt19937_64& random, std::size_t count)
{
    for (std::size_t done = 0; done < count; ++done) {
        home.append({transfer(static_cast<int>(random() % 100))},
                    {"account", std::to_string(random() % 7)});
    }
}

} // namespace

TEST_CASE("projections of packs say what a slow fold of the log says", "[packs]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    auto random = testing::random_generator(81);
    home.append_random(random, 100); // of another domain
    append_transfers(home, random, 300);

    RunningProjector projector{
        home, nullptr,
        with_index({balances("bank", FoldForm::set), balances("ledgers", FoldForm::rows)})};
    REQUIRE(projector.wait_until_folded("bank", Position{400}));
    append_transfers(home, random, 50); // it follows
    REQUIRE(projector.wait_until_folded("bank", Position{450}));
    REQUIRE(projector.wait_until_folded("ledgers", Position{450}));
    projector.stop();

    CHECK(stored_balances(home, "bank") == expected_balances(home));
    CHECK(stored_balances(home, "ledgers") == expected_balances(home));
    CHECK(are_equal(home.indexed_events(), home.expected_events()));
    CHECK(home.lines.unexpected_errors().empty());
    CHECK(home.value("SELECT tableowner FROM pg_tables WHERE schemaname = 'main_bank'") ==
          "sealstream_main_bank_owner");
}

TEST_CASE("the data of old events is upcast by the version of its schema at its place", "[packs]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    const auto register_schema = [&home] {
        Draft draft = testing::sample_draft(1);
        draft.id = EventIdSource{home.clock}.next();
        draft.type = std::string{schema_event_type};
        draft.data = R"({"event_type":"Transferred"})";
        home.append({draft}, {std::string{schema_stream_type}, "Transferred"});
    };
    register_schema();
    home.append({transfer(5)}, {"account", "a"}); // {"amount":5}
    register_schema();
    Draft second = transfer(0);
    second.data = R"({"value":7})";
    home.append({second}, {"account", "a"});
    register_schema();
    Draft third = transfer(0);
    third.data = R"({"money":{"units":11}})";
    home.append({third}, {"account", "a"});
    Projection pack = balances("bank", FoldForm::set);
    pack.apply_sql = "INSERT INTO balance SELECT stream_id, sum((data #>> '{money,units}')::bigint)"
                     " FROM batch GROUP BY stream_id ON CONFLICT (account)"
                     " DO UPDATE SET units = balance.units + excluded.units";
    pack.upcasts = {{"Transferred", 1, "jsonb_build_object('value', data->'amount')"},
                    {"Transferred", 2,
                     "jsonb_build_object('money', jsonb_build_object('units', data->'value'))"}};

    RunningProjector projector{home, nullptr, with_index({pack})};
    REQUIRE(projector.wait_until_folded("bank", Position{6}));

    CHECK(stored_balances(home, "bank") == "a=23");
}

TEST_CASE("a pack's events count once when Postgres is killed while they are folded",
          "[packs][crash]")
{
    if (has_no_postgres()) {
        return;
    }
    testing::PostgresServer server;
    ProjectorHome home{server};
    auto random = testing::random_generator(82);
    append_transfers(home, random, 6'000);
    RunningProjector projector{
        home, nullptr,
        with_index({balances("bank", FoldForm::set), balances("ledgers", FoldForm::rows)})};
    for (unsigned round = 1; round <= 4; ++round) {
        const auto delay = std::chrono::milliseconds{50 + random() % 300};
        std::thread killer{[&server, delay] {
            std::this_thread::sleep_for(delay);
            server.kill();
            server.start();
        }};
        const bool is_folded =
            projector.wait_until_folded("bank", Position{1'000U * round}, std::chrono::seconds{60});
        killer.join();
        REQUIRE(is_folded);
    }
    REQUIRE(projector.wait_until_folded("bank", Position{6'000}, std::chrono::seconds{60}));
    REQUIRE(projector.wait_until_folded("ledgers", Position{6'000}, std::chrono::seconds{60}));
    projector.stop();

    CHECK(stored_balances(home, "bank") == expected_balances(home));
    CHECK(stored_balances(home, "ledgers") == expected_balances(home));
    CHECK(are_equal(home.indexed_events(), home.expected_events()));
}

TEST_CASE(
    "an event that can not be folded parks its stream; the rest flows; a retry brings it back",
    "[packs][poison]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    auto random = testing::random_generator(83);
    append_transfers(home, random, 130);
    home.append({transfer(13)}, {"account", "unlucky"});
    home.append({transfer(1)}, {"account", "unlucky"});
    append_transfers(home, random, 20);
    Projection pack = balances("bank", FoldForm::set);
    pack.schema_sql += ";CREATE TABLE mood (is_calm boolean); INSERT INTO mood VALUES (false);"
                       "CREATE FUNCTION checked(stream text, amount bigint) RETURNS bigint"
                       " LANGUAGE plpgsql AS $$ BEGIN"
                       " IF stream = 'unlucky' AND amount = 13 AND NOT (SELECT is_calm FROM mood)"
                       " THEN RAISE 'no thirteen'; END IF; RETURN amount; END $$";
    pack.apply_sql = "INSERT INTO balance SELECT stream_id,"
                     " sum(checked(stream_id, (data->>'amount')::bigint)) FROM batch"
                     " GROUP BY stream_id ON CONFLICT (account)"
                     " DO UPDATE SET units = balance.units + excluded.units";
    RunningProjector projector{home, nullptr, with_index({pack})};
    REQUIRE(projector.wait_until_folded("bank", Position{152}));
    home.append({transfer(2)}, {"account", "unlucky"}); // what comes later is kept, too
    append_transfers(home, random, 30);
    REQUIRE(projector.wait_until_folded("bank", Position{183}));

    CHECK(home.value("SELECT stream_type || '/' || stream_id || ' ' || first_position || ' ' ||"
                     " events || ' ' || sqlstate || ' ' || reason"
                     " FROM sealstream.parked_streams")
              .starts_with("account/unlucky 131 3 P0001 folding bank: no thirteen"));
    CHECK(stored_balances(home, "bank").find("unlucky") == std::string::npos);
    CHECK(home.indexed_events().size() == 183);

    const auto ask = [&home] {
        REQUIRE(home.value("UPDATE sealstream.parked_streams SET retry_asked = now()"
                           " RETURNING 1") == "1");
    };
    ask(); // nothing has been mended
    REQUIRE(projector.wait_until(
        [&home] { return home.value("SELECT max(tries) FROM sealstream.parked_streams") == "2"; }));
    REQUIRE(home.value("UPDATE main_bank.mood SET is_calm = true RETURNING 1") == "1");
    ask();
    REQUIRE(projector.wait_until(
        [&home] { return home.value("SELECT count(*) FROM sealstream.parked_streams") == "0"; }));
    home.append({transfer(3)}, {"account", "unlucky"});
    REQUIRE(projector.wait_until_folded("bank", Position{184}));
    projector.stop();

    CHECK(stored_balances(home, "bank") == expected_balances(home));
    CHECK(home.value("SELECT count(*) FROM sealstream.parked_events") == "0");
}

TEST_CASE("a fold that fails on everything halts alone, and goes on when a person says so",
          "[packs][poison]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    home.lines.expect("projector.halted");
    auto random = testing::random_generator(84);
    append_transfers(home, random, 50);
    Projection pack = balances("bank", FoldForm::set);
    pack.apply_sql = "SELECT elsewhere.bank(1)";
    RunningProjector projector{home, nullptr, with_index({pack})};
    REQUIRE(projector.wait_until_folded(Position{50}));
    REQUIRE(projector.wait_until([&home] {
        return home.value("SELECT halt_code FROM sealstream.projections WHERE name = 'bank'") ==
               "fold_error";
    }));
    append_transfers(home, random, 50);
    REQUIRE(projector.wait_until_folded(Position{100}));
    CHECK(home.value("SELECT cursor FROM sealstream.projections WHERE name = 'bank'") == "0");

    // As when the pack has been mended and an operator lets it go on.
    REQUIRE(home.value("UPDATE sealstream.projections SET halted = NULL, definition = jsonb_set("
                       "definition, '{apply}', '\"SELECT 1\"'), fold_digest = ''"
                       " WHERE name = 'bank' RETURNING 1") == "1");
    REQUIRE(projector.wait_until_folded("bank", Position{100}));
}

} // namespace sealstream::pack_projection_test
