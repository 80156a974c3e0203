// Packs that attack: whatever their SQL tries, they touch nothing but their own tables, they are
// refused by name, and everybody else goes on.

#include "integration/support/pack_samples.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

namespace sealstream::hostile_pack_test {

namespace {

using testing::are_equal;
using testing::balances;
using testing::expected_balances;
using testing::has_no_postgres;
using testing::ProjectorHome;
using testing::RunningProjector;
using testing::stored_balances;
using testing::transfer;

// What an escape would do: with our own rights it works, with the pack's it does not.
constexpr const char* loot =
    ";CREATE FUNCTION loot() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN"
    " CREATE TABLE IF NOT EXISTS public.loot (a integer); RETURN 1; EXCEPTION"
    " WHEN insufficient_privilege THEN RETURN 0; END $$;"
    "CREATE FUNCTION loot_by_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " PERFORM loot(); SET CONSTRAINTS ALL DEFERRED; RETURN NULL; END $$";

Projection hostile(std::size_t number, const std::string& apply)
{
    Projection pack = balances("hostile" + std::to_string(number), FoldForm::set);
    pack.schema_sql += loot;
    pack.follows = {};
    pack.apply_sql = apply;
    return pack;
}

struct Attack {
    std::string sql;
    std::string answer; // part of what Postgres or we say
};

const std::vector<Attack>& refused_attacks()
{
    static const std::vector<Attack> attacks{
        {"SELECT * FROM sealstream.records", "permission denied for schema sealstream"},
        {"UPDATE sealstream.projections SET cursor = 0", "permission denied"},
        {"DELETE FROM main_bank.balance", "permission denied for schema main_bank"},
        {"SELECT count(*) FROM main_event_index.events", "permission denied"},
        {"SELECT sealstream_apart.sealstream_main_bank('', 'SELECT 1')", "permission denied"},
        {"ALTER FUNCTION sealstream_apart.sealstream_main_hostile5(text, text) SECURITY INVOKER",
         "permission denied"},
        {"RESET ROLE", "within security-definer function"},
        {"SET ROLE sealstream", "within security-definer function"},
        {"SET SESSION AUTHORIZATION sealstream", "within security-definer function"},
        {"RESET SESSION AUTHORIZATION", "within security-definer function"},
        {"SELECT set_config('role', 'sealstream', false)", "within security-definer function"},
        {"SELECT set_config('session_authorization', 'sealstream', true)",
         "within security-definer function"},
        {"COMMIT", "transaction"},
        {"DO $$ BEGIN COMMIT; END $$", "invalid transaction termination"},
        {"ROLLBACK TO SAVEPOINT projection", "transaction"},
        {"CREATE TABLE public.mine (a integer)", "permission denied for schema public"},
        {"CREATE TABLE mine (a integer)", "permission denied for schema main_hostile"},
        {"CREATE SCHEMA mine", "permission denied for database"},
        {"ALTER TABLE balance ADD COLUMN a integer", "must be owner"},
        {"CREATE ROLE friend LOGIN SUPERUSER", "must be superuser"},
        {"DROP TABLE pg_temp.batch", "must be owner"},
        {"TRUNCATE pg_temp.incoming", "permission denied"},
        {"DELETE FROM pg_temp.batch", "permission denied"},
        {"DISCARD TEMP", "pg_temp.batch"},
        {"CREATE TEMPORARY TABLE mine (a integer)", "may not make anything of its own"},
        {"CREATE FUNCTION pg_temp.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
         "may not make anything of its own"},
        {"CREATE TEMPORARY TABLE mine (a integer);"
         "CREATE CONSTRAINT TRIGGER later AFTER INSERT ON mine DEFERRABLE INITIALLY DEFERRED"
         " FOR EACH ROW EXECUTE FUNCTION loot_by_trigger(); INSERT INTO mine VALUES (1)",
         "may not make anything of its own"},
        {"SELECT lo_create(0)", "may not make anything of its own"},
        {"DROP OWNED BY CURRENT_USER", "may not change the functions that run it"},
        {"SELECT pg_read_file('/etc/passwd')", "permission denied"},
        {"SELECT lo_import('/etc/passwd')", "permission denied"},
        {"COPY balance FROM '/etc/passwd'", "pg_read_server_files"},
        {"COPY (SELECT 1) TO PROGRAM 'cat'", "pg_execute_server_program"},
        {"SELECT pg_terminate_backend(pg_backend_pid())", "must be"},
        {"SELECT * FROM pg_authid", "permission denied"},
        {"SET statement_timeout = 1; SELECT elsewhere()", "does not exist"},
    };
    return attacks;
}

// These run, and have no effect beyond the pack.
const std::vector<std::string>& idle_attacks()
{
    static const std::vector<std::string> attacks{
        "DECLARE c CURSOR WITH HOLD FOR SELECT loot()",
        "DEALLOCATE ALL; PREPARE s0 AS SELECT loot(); PREPARE s1 AS SELECT loot()",
        "SELECT set_config('search_path', 'main_hostile0, public', false)",
        "SELECT set_config('default_transaction_read_only', 'on', false)",
        "SET transaction_read_only = on",
        "SET statement_timeout = 1",
        "SET standard_conforming_strings = off; SET client_encoding = 'SJIS'",
        "SELECT pg_advisory_unlock_all(), pg_advisory_lock(6005718190211)",
        "LISTEN sealstream; NOTIFY sealstream",
        "SELECT loot()",
        "UPDATE batch SET data = 'null'",
    };
    return attacks;
}

} // namespace

TEST_CASE("attacks of packs are refused by name, and nobody else notices", "[packs][hostile]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    home.lines.expect("projector.halted");
    for (int at = 0; at < 120; ++at) {
        home.append({transfer(at)}, {"account", std::to_string(at % 7)});
    }
    std::vector<Projection> folds{event_index_projection()};
    const auto& refused = refused_attacks();
    for (std::size_t at = 0; at < refused.size(); ++at) {
        folds.push_back(hostile(at, refused[at].sql));
    }
    const auto& idle = idle_attacks();
    for (std::size_t at = 0; at < idle.size(); ++at) {
        folds.push_back(hostile(refused.size() + at, idle[at]));
    }
    folds.push_back(balances("bank", FoldForm::set)); // folded after all of them

    RunningProjector projector{home, nullptr, folds};
    REQUIRE(projector.wait_until_folded("bank", Position{120}, std::chrono::seconds{90}));
    home.append({transfer(1)}, {"account", "0"});
    REQUIRE(projector.wait_until_folded("bank", Position{121}));
    REQUIRE(projector.wait_until_folded("event_index", Position{121}));

    for (std::size_t at = 0; at < refused.size(); ++at) {
        INFO(refused[at].sql);
        const std::string name = "hostile" + std::to_string(at);
        REQUIRE(projector.wait_until([&home, &name] {
            return home.value("SELECT halt_code FROM sealstream.projections WHERE name = $1",
                              {name}) == "fold_error";
        }));
        CHECK(home.value("SELECT halted FROM sealstream.projections WHERE name = $1", {name})
                  .find(refused[at].answer) != std::string::npos);
        CHECK(home.value("SELECT halted FROM sealstream.projections WHERE name = $1", {name})
                  .find("folding " + name) != std::string::npos);
    }
    for (std::size_t at = 0; at < idle.size(); ++at) {
        INFO(idle[at]);
        const std::string name = "hostile" + std::to_string(refused.size() + at);
        CHECK(projector.wait_until_folded(name, Position{121}));
    }
    projector.stop();
    CHECK(stored_balances(home, "bank") == expected_balances(home));
    CHECK(are_equal(home.indexed_events(), home.expected_events()));
    CHECK(home.value("SELECT coalesce(to_regclass('public.loot')::text, 'none')") == "none");
}

TEST_CASE("a fold that takes for ever, or all memory, holds nobody up", "[packs][hostile]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    home.lines.expect("projector.halted");
    for (int at = 0; at < 30; ++at) {
        home.append({transfer(at)}, {"account", std::to_string(at % 3)});
    }
    auto options = RunningProjector::test_options();
    options.fold_timeout = std::chrono::milliseconds{300};
    options.apart_for = std::chrono::seconds{2};
    RunningProjector projector{
        home,
        nullptr,
        {event_index_projection(), hostile(0, "SELECT pg_sleep(1000)"),
         hostile(1, "DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(1000); EXCEPTION"
                    " WHEN query_canceled THEN NULL; END; END LOOP; END $$"),
         hostile(2, "SELECT repeat('x', 1 << 30) || repeat('x', 1 << 30)"),
         hostile(3, "DO $$ BEGIN RAISE 'server says' USING ERRCODE = '57P01'; END $$"),
         balances("bank", FoldForm::set)},
        options};

    REQUIRE(projector.wait_until_folded("bank", Position{30}));
    REQUIRE(projector.wait_until([&home] { // the session ends, and with it the fold
        return home.value("SELECT halt_code FROM sealstream.projections WHERE name = 'hostile1'") ==
               "fold_runaway";
    }));
    REQUIRE(projector.wait_until([&home] { // each event alone: all of its streams are parked
        return home.value("SELECT string_agg(name || sqlstate, ' ' ORDER BY name, stream_id)"
                          " FROM sealstream.parked_streams") ==
               "hostile057014 hostile057014 hostile057014"
               " hostile254000 hostile254000 hostile254000";
    }));
    home.append({transfer(1)}, {"account", "0"});
    REQUIRE(projector.wait_until_folded("bank", Position{31}));
    projector.stop();
    CHECK(stored_balances(home, "bank") == expected_balances(home));
    CHECK(home.value("SELECT cursor FROM sealstream.projections WHERE name = 'hostile3'") == "0");
}

TEST_CASE("a pack may not make what would run with the rights of others", "[packs][hostile]")
{
    if (has_no_postgres()) {
        return;
    }
    const std::vector<Attack> attacks{
        {"CREATE FUNCTION f() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
         "may not make this: function"},
        {"CREATE CONSTRAINT TRIGGER later AFTER INSERT ON balance DEFERRABLE INITIALLY DEFERRED"
         " FOR EACH ROW EXECUTE FUNCTION loot_by_trigger()",
         "may not make this: deferrable"},
        {"CREATE TABLE t (a integer UNIQUE DEFERRABLE)", "may not make this: deferrable"},
        {"CREATE FUNCTION t(balance) RETURNS text LANGUAGE sql AS $$ SELECT loot()::text $$;"
         "CREATE CAST (balance AS text) WITH FUNCTION t(balance)",
         "may not make this: cast"},
        {"ALTER TABLE balance ENABLE ROW LEVEL SECURITY", "may not make this: table"},
        {"CREATE POLICY p ON balance USING (loot() = 1)", "may not make this: policy"},
        {"CREATE RULE r AS ON DELETE TO balance DO ALSO SELECT loot()", "may not make this: rule"},
        {"CREATE FUNCTION same(balance, balance) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
         "CREATE OPERATOR === (LEFTARG = balance, RIGHTARG = balance, FUNCTION = same)",
         "may not make this: operator"},
        {"CREATE TEMPORARY TABLE t (a integer)", "may not make this: table"},
        {"CREATE MATERIALIZED VIEW m AS SELECT 1", "may not make this: materialized view"},
        {"ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC", "may not make this: default"},
        {"CREATE TABLE public.t (a integer)", "permission denied for schema public"},
        {"CREATE TABLE sealstream.t (a integer)", "permission denied for schema sealstream"},
        {"CREATE EXTENSION hstore", "permission denied"},
        {"RESET ROLE", "within security-definer function"},
        {"COMMIT", "transaction"},
    };
    ProjectorHome home;
    for (std::size_t at = 0; at < attacks.size(); ++at) {
        INFO(attacks[at].sql);
        Projection pack = hostile(at, "SELECT 1");
        pack.pack = pack.name = "hostile";
        pack.schema_sql += ";" + attacks[at].sql;
        auto connection = home.pool.lend();
        connection->close_at_return();
        const auto claimed = claim(**connection, "main", pack, "");
        REQUIRE(!claimed);
        INFO(claimed.error().context);
        CHECK(claimed.error().context.find(attacks[at].answer) != std::string::npos);
        CHECK(home.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'main_hostile'") ==
              "0");
    }
}

} // namespace sealstream::hostile_pack_test
