// Connections and their pool against a real Postgres.

#include "integration/support/postgres_server.hpp"
#include "postgres/pool.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

#include <iostream>

namespace sealstream::postgres_pool_test {

namespace {

using testing::PostgresServer;
using testing::run_task;

bool is_skipped()
{
    if (PostgresServer::is_installed()) {
        return false;
    }
    std::cout << "SKIPPED: Postgres is not installed" << std::endl;
    return true;
}

PostgresOptions options_for(const std::string& uri)
{
    PostgresOptions options;
    options.uri = uri;
    options.lend_timeout = std::chrono::milliseconds{50};
    return options;
}

} // namespace

TEST_CASE("bound values come back as they were, and never become SQL", "[postgres]")
{
    if (is_skipped()) {
        return;
    }
    PostgresServer server;
    Pool pool{options_for(server.create_database())};
    auto connection = pool.lend();
    REQUIRE(connection);

    const std::string hostile = "'; DROP TABLE x; -- \\ \" {a,b} $1 é";
    const auto answer = (*connection)
                            ->run("SELECT $1::text, $2::bigint, $3::text, $4::text[]",
                                  {hostile, "-7", std::nullopt, sql_array({hostile, ""})});
    REQUIRE(answer);
    CHECK(answer->text(0, 0) == hostile);
    CHECK(answer->integer(0, 1) == -7);
    CHECK(answer->is_null(0, 2));
    const auto element = (*connection)->run("SELECT ($1::text[])[1]", {sql_array({hostile, ""})});
    CHECK(element->text(0, 0) == hostile);

    const auto refused = (*connection)->run("SELECT $1::text", {std::string{"a\0b", 3}});
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::malformed);
}

TEST_CASE("failures of statements have the codes of the table", "[postgres]")
{
    if (is_skipped()) {
        return;
    }
    PostgresServer server;
    Pool pool{options_for(server.create_database())};
    auto lease = pool.lend();
    REQUIRE(lease);
    Connection& connection = **lease;
    REQUIRE(connection.run_script("CREATE TABLE t (a int PRIMARY KEY CHECK (a > 0))"));
    REQUIRE(connection.run("INSERT INTO t VALUES (1)"));

    CHECK(connection.run("INSERT INTO t VALUES (1)").error().code == Errc::conflict);
    CHECK(connection.run("INSERT INTO t VALUES (0)").error().code == Errc::corrupt);
    CHECK(connection.run("SELECT 1 FROM missing").error().code == Errc::unsupported);
    CHECK(connection.run("SELECT 'x'::text::int").error().code == Errc::malformed);
    CHECK(connection.run("SELEC").error().code == Errc::internal);
    REQUIRE(connection.run_script("SET statement_timeout = 20"));
    CHECK(connection.run("SELECT pg_sleep(5)").error().code == Errc::timed_out);
    CHECK(connection.is_idle());
}

TEST_CASE("a transaction that failed before its commit is not reported as committed", "[postgres]")
{
    if (is_skipped()) {
        return;
    }
    PostgresServer server;
    Pool pool{options_for(server.create_database())};
    auto lease = pool.lend();
    REQUIRE(lease);
    auto transaction = Transaction::begin(**lease);
    REQUIRE(transaction);
    REQUIRE(!(*lease)->run("SELECT 1/0"));

    const auto committed = transaction->commit();

    REQUIRE(!committed);
    CHECK(committed.error().code == Errc::overloaded);
}

TEST_CASE("a server that dies under a commit leaves the outcome unknown", "[postgres]")
{
    if (is_skipped()) {
        return;
    }
    PostgresServer server;
    Pool pool{options_for(server.create_database())};
    {
        auto lease = pool.lend();
        REQUIRE(lease);
        auto transaction = Transaction::begin(**lease);
        REQUIRE(transaction);
        server.kill();

        const auto committed = transaction->commit();

        REQUIRE(!committed);
        CHECK(committed.error().code == Errc::outcome_unknown);
        CHECK((*lease)->is_broken());
    }
    CHECK(pool.counts().idle == 0);
    CHECK(pool.lend().error().code == Errc::unavailable);
    server.start();
    CHECK(pool.lend().has_value());
}

TEST_CASE("the pool lends no more connections than its bound", "[postgres]")
{
    if (is_skipped()) {
        return;
    }
    PostgresServer server;
    PostgresOptions options = options_for(server.create_database());
    options.connections_max = 2;
    Pool pool{options};
    auto first = pool.lend();
    {
        auto second = pool.lend();
        REQUIRE(first);
        REQUIRE(second);
        CHECK(pool.lend().error().code == Errc::overloaded);
    }
    CHECK(pool.lend().has_value());
    CHECK(pool.counts().idle == 1);
}

TEST_CASE("a job on the blocking pool gets a connection and answers at home", "[postgres]")
{
    if (is_skipped()) {
        return;
    }
    PostgresServer server;
    Pool pool{options_for(server.create_database())};
    boost::asio::io_context home;
    BlockingPool threads{BlockingPoolOptions{}};
    const auto count = [](Connection& connection) -> Result<std::int64_t> {
        SEAL_TRY(answer, connection.run_prepared("SELECT $1::bigint + 1", {"41"}));
        return answer.integer(0, 0);
    };

    const auto sum = run_task(home, with_connection(threads, pool, count));

    CHECK(*sum == 42);
}

} // namespace sealstream::postgres_pool_test
