#include "core/packs/sql_rules.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;

namespace {

const SqlNames names{{"owner", "text"}, {"ids", "uuid[]"}, {"limit", "bigint"}};

CheckedSql check(std::string_view text, SqlUse use = SqlUse::query)
{
    return check_sql(text, use, names);
}

// The messages, one a line, so that a failing test shows them.
std::string faults(std::string_view text, SqlUse use)
{
    std::string all;
    for (const auto& fault : check(text, use).faults) {
        all += std::to_string(fault.place.line) + ":" + std::to_string(fault.place.column) + " " +
               fault.message + "\n";
    }
    return all;
}

} // namespace

TEST_CASE("values are bound in the order of their first use, each with its type", "[packs]")
{
    const auto checked =
        check("SELECT * FROM t WHERE a = :owner AND b = ANY(:ids) AND c <> :owner");
    CHECK(checked.faults.empty());
    CHECK(checked.sql.text ==
          "SELECT * FROM t WHERE a = ($1::text) AND b = ANY(($2::uuid[])) AND c <> ($1::text)");
    CHECK(checked.sql.parameters == std::vector<std::string>{"owner", "ids"});
}

TEST_CASE("what looks like a value inside of quotes, comments, casts and bodies is none", "[packs]")
{
    const auto text = GENERATE(as<std::string>{}, "SELECT ':owner'", "SELECT E'\\':owner'",
                               "SELECT ''':owner'", "SELECT \":owner\" FROM t",
                               "SELECT 1 -- :owner\n + 1", "SELECT 1 /* :owner /* :owner */ */ + 1",
                               "SELECT $x$ :owner $x$", "SELECT a::text FROM t", "SELECT $$ ' $$");
    INFO(text);
    const auto checked = check(text);
    CHECK(checked.faults.empty());
    CHECK(checked.sql.parameters.empty());
    CHECK(checked.sql.text == text);
}

TEST_CASE("comments around a statement and its last semicolon are left out", "[packs]")
{
    CHECK(check("-- why\nSELECT 1; -- because\n").sql.text == "SELECT 1");
    CHECK(check("SELECT 1 ; ;").sql.text == "SELECT 1");
}

TEST_CASE("a value that there is not is told with the one that was meant", "[packs]")
{
    const auto checked = check("SELECT\n  :ownr");
    REQUIRE(checked.faults.size() == 1);
    CHECK(checked.faults[0].place == TextPlace{2, 3});
    CHECK(checked.faults[0].message == "there is no value :ownr");
    CHECK(checked.faults[0].remedy == "did you mean :owner?");
    CHECK(check_sql("SELECT :a", SqlUse::query, {}).faults[0].remedy == "nothing has a name here");
}

TEST_CASE("what a query may be", "[packs]")
{
    for (const auto* text :
         {"SELECT 1", "select 1", "VALUES (1)", "WITH a AS (SELECT 1) SELECT * FROM a",
          "(SELECT 1) UNION (SELECT 2)", "SELECT now()", "SELECT updated, deleted FROM t",
          "SELECT t.commit FROM t", "SELECT 'COMMIT; COPY'"}) {
        INFO(text);
        CHECK(faults(text, SqlUse::query).empty());
    }
    for (const auto* text : {"",
                             "-- nothing",
                             ";",
                             "INSERT INTO t VALUES (1)",
                             "DELETE FROM t",
                             "SELECT 1; SELECT 2",
                             "WITH a AS (INSERT INTO t VALUES (1) RETURNING 1) SELECT * FROM a",
                             "WITH a AS (UPDATE t SET b = 1 RETURNING 1) SELECT * FROM a",
                             "WITH a AS (DELETE FROM t RETURNING 1) SELECT * FROM a",
                             "SELECT (1",
                             "SELECT 1)",
                             "SELECT (1]",
                             "SELECT 'open",
                             "SELECT \"open",
                             "SELECT 1 /* open",
                             "SELECT $a$ open $b$",
                             "SELECT $1",
                             "SELECT pg_sleep(10)",
                             "SELECT set_config('role', 'x', false)",
                             "SELECT * FROM sealstream.projections",
                             "SELECT pg_advisory_lock(1)",
                             "TABLE t",
                             "EXPLAIN SELECT 1",
                             "COPY t TO STDOUT",
                             "BEGIN",
                             "DO $$ BEGIN END $$"}) {
        INFO(text);
        CHECK(!faults(text, SqlUse::query).empty());
    }
}

TEST_CASE("what a fold may be", "[packs]")
{
    for (const auto* text :
         {"INSERT INTO t SELECT * FROM batch", "UPDATE t SET a = 1; DELETE FROM t",
          "MERGE INTO t USING batch ON true WHEN MATCHED THEN DELETE",
          "INSERT INTO t (now) SELECT now FROM batch",
          "WITH a AS (SELECT 1) INSERT INTO t TABLE a"}) {
        INFO(text);
        CHECK(faults(text, SqlUse::apply).empty());
    }
    for (const auto* text : {"BEGIN; INSERT INTO t VALUES (1)",
                             "COMMIT",
                             "ROLLBACK",
                             "SAVEPOINT a",
                             "SET ROLE admin",
                             "SET LOCAL x = 1",
                             "RESET ROLE",
                             "COPY t FROM STDIN",
                             "GRANT ALL ON t TO public",
                             "CREATE TABLE t (a int)",
                             "DROP TABLE t",
                             "TRUNCATE t",
                             "LOCK TABLE t",
                             "NOTIFY a",
                             "LISTEN a",
                             "DO $$ BEGIN END $$",
                             "INSERT INTO t VALUES (now())",
                             "INSERT INTO t VALUES (random())",
                             "INSERT INTO t VALUES (gen_random_uuid())",
                             "INSERT INTO t VALUES (CURRENT_TIMESTAMP)",
                             "INSERT INTO t VALUES (nextval('s'))",
                             "INSERT INTO t VALUES (pg_catalog.now())",
                             "INSERT INTO t VALUES (:owner, :nobody)",
                             "VACUUM",
                             "PREPARE a AS SELECT 1",
                             "CALL p()",
                             "UPDATE t SET a = 1; SET ROLE x"}) {
        INFO(text);
        CHECK(!faults(text, SqlUse::apply).empty());
    }
}

TEST_CASE("what a row function may be", "[packs]")
{
    CHECK(faults("IF e.type = 'A' THEN INSERT INTO t VALUES (e.position); END IF;", SqlUse::rows)
              .empty());
    CHECK(faults("UPDATE t SET n = n + 1 WHERE id = e.stream_id;\nx := 1;", SqlUse::rows).empty());
    for (const auto* text :
         {"COMMIT;", "IF true THEN ROLLBACK; END IF;", "EXECUTE 'COMMIT';",
          "IF true THEN EXECUTE format('x'); END IF;", "PERFORM pg_notify('a', 'b');",
          "SET ROLE x;", "INSERT INTO t VALUES (clock_timestamp());",
          "x := $sealstream$ $sealstream$;"}) {
        INFO(text);
        CHECK(!faults(text, SqlUse::rows).empty());
    }
}

TEST_CASE("what makes tables", "[packs]")
{
    for (const auto* text :
         {"CREATE TABLE t (a int); CREATE INDEX ON t (a);", "COMMENT ON TABLE t IS 'x'",
          "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; SELECT 2 $$",
          "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT "
          "2; END; "
          "CREATE TABLE t (a int)",
          "CREATE TYPE x AS ENUM ('a')"}) {
        INFO(text);
        CHECK(faults(text, SqlUse::tables).empty());
    }
    for (const auto* text :
         {"CREATE SCHEMA x", "CREATE EXTENSION dblink", "CREATE ROLE x",
          "CREATE TEMP TABLE t (a int)", "CREATE TABLE t (a bigserial)",
          "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY)", "CREATE SEQUENCE s",
          "CREATE UNLOGGED TABLE t (a int)", "DROP TABLE t", "GRANT ALL ON t TO x",
          "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS $$ SELECT 1 $$",
          "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$",
          "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'x'; END $$",
          "ALTER SYSTEM SET x = 1", "SELECT 1"}) {
        INFO(text);
        CHECK(!faults(text, SqlUse::tables).empty());
    }
    CHECK(!faults("CREATE TABLE t (a int)", SqlUse::indexes).empty() == false);
    CHECK(!faults("INSERT INTO t VALUES (1)", SqlUse::indexes).empty());
}

TEST_CASE("an expression is one, and repeats", "[packs]")
{
    CHECK(faults("data - 'a' || jsonb_build_object('b', data->'a')", SqlUse::expression).empty());
    for (const auto* text : {"data; DROP TABLE t", "data) = data", "now()", ""}) {
        INFO(text);
        CHECK(!faults(text, SqlUse::expression).empty());
    }
}

TEST_CASE("a fault in a body has its place in the file", "[packs]")
{
    const auto checked = check_sql(
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\n  COMMIT;\nEND $$",
        SqlUse::tables, {});
    REQUIRE(checked.faults.size() == 1);
    CHECK(checked.faults[0].place == TextPlace{3, 3});
}
