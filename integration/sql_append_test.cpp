// sealstream.append() inside an application's own transaction, in the single-database profile.

#include "core/event/stream_chain.hpp"
#include "integration/support/postgres_home.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

#include <thread>

namespace sealstream::sql_append_test {

namespace {

using testing::has_no_postgres;
using testing::PostgresHome;

const std::string append_one = "SELECT position, version, is_repeat, event_id FROM "
                               "sealstream.append('main', $1, $2, $3::text)";

PostgresLogOptions chained_deals()
{
    PostgresLogOptions options;
    options.chain.stream_types = {"deal"};
    return options;
}

struct Refusal {
    const char* arguments;
    Errc code;
};

} // namespace

TEST_CASE("an event appended by SQL is read, chained and continued like any other", "[sql]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    auto& log = home.open_log(chained_deals());
    auto connection = home.pool.lend();

    const auto first =
        (*connection)->run(append_one, {"deal/1", "DealOpened", R"({ "b":1, "a":2.0 })"});
    REQUIRE(first);
    CHECK(first->text(0, 0) == "1");
    CHECK(first->text(0, 1) == "1");
    std::vector<StreamAppend> next{{StreamName{"deal", "1"},
                                    Expected{Expected::Kind::version, Version{1}},
                                    {testing::sample_draft(7)}}};
    REQUIRE(home.run(log.append(std::move(next))));
    const auto third = (*connection)->run(append_one, {"deal/1", "DealClosed", "null"});
    REQUIRE(third);
    CHECK(third->text(0, 0) == "3");

    const auto records =
        home.run(log.read_stream(StreamName{"deal", "1"}, Version{}, ReadLimits{}));
    REQUIRE(records);
    REQUIRE(records->size() == 3);
    Digest before{};
    for (const StoredRecord& stored : *records) {
        const auto event = decode_record(stored.record);
        REQUIRE(event);
        CHECK(check_chain(*event, before));
        before = *event->hash;
    }
    const auto event = decode_record(records->front().record);
    CHECK(event->draft.data == R"({"a":2,"b":1})");
    CHECK(event->draft.source == "sealstream"); // the role that is logged in
}

TEST_CASE("an event appended by SQL is there exactly when its transaction is", "[sql]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    auto& log = home.open_log();
    auto connection = home.pool.lend();
    REQUIRE((*connection)
                ->run_script("CREATE TABLE accounts (name text PRIMARY KEY, balance bigint);"
                             "INSERT INTO accounts VALUES ('ann', 10)"));

    {
        auto transaction = Transaction::begin(**connection);
        REQUIRE((*connection)->run("UPDATE accounts SET balance = 0"));
        REQUIRE((*connection)->run(append_one, {"account/ann", "Spent", "10"}));
        CHECK(*home.run(log.head()) == Position{0}); // not visible before the commit
    }                                                // rolled back
    CHECK(*home.run(log.head()) == Position{0});
    CHECK(home.value("SELECT balance FROM accounts") == "10");

    auto transaction = Transaction::begin(**connection);
    REQUIRE((*connection)->run("UPDATE accounts SET balance = 5"));
    REQUIRE((*connection)->run("SAVEPOINT one"));
    REQUIRE((*connection)->run(append_one, {"account/ann", "Spent", "1"}));
    REQUIRE((*connection)->run("ROLLBACK TO SAVEPOINT one"));
    const auto kept = (*connection)->run(append_one, {"account/ann", "Spent", "5"});
    REQUIRE(transaction->commit());

    CHECK(kept->text(0, 0) == "1"); // what was rolled back left no gap
    CHECK(*home.run(log.head()) == Position{1});
    CHECK(home.value("SELECT balance FROM accounts") == "5");
}

TEST_CASE("a repeated key gets its first answer, and other content is refused", "[sql]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    auto& log = home.open_log(chained_deals());
    auto connection = home.pool.lend();
    const std::string keyed =
        "SELECT position, version, is_repeat FROM sealstream.append('main', 'deal/1', 'DealOpened',"
        " $1::text, key => 'opening', meta => '{\"why\":\"test\"}', actor => 'ann',"
        " \"time\" => '2026-01-02 03:04:05.678901Z')";

    const auto first = (*connection)->run(keyed, {"{\"a\":1.50}"});
    REQUIRE((*connection)->run(append_one, {"deal/1", "DealChanged", "1"}));
    const auto again = (*connection)->run(keyed, {"{\"a\": 15e-1}"});
    const auto other = (*connection)->run(keyed, {"{\"a\":2}"});

    REQUIRE(first);
    REQUIRE(again);
    CHECK_FALSE(first->boolean(0, 2));
    CHECK(again->boolean(0, 2));
    CHECK(again->text(0, 0) == "1");
    REQUIRE(!other);
    CHECK(other.error().code == Errc::key_reuse);
    CHECK(*home.run(log.head()) == Position{2});
}

TEST_CASE("a stated version is a condition of an append by SQL", "[sql]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    auto& log = home.open_log();
    auto connection = home.pool.lend();
    const std::string expecting = "SELECT version FROM sealstream.append('main', 'deal/1', "
                                  "'DealChanged', '1', expected_version => $1)";

    CHECK((*connection)->run(expecting, {"1"}).error().code == Errc::conflict);
    REQUIRE((*connection)->run(expecting, {"0"}));
    CHECK((*connection)->run(expecting, {"0"}).error().code == Errc::conflict);
    REQUIRE((*connection)->run(expecting, {"1"}));
    CHECK(*home.run(log.head()) == Position{2});
}

TEST_CASE("bad names, sizes and JSON are refused when append is called", "[sql]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    auto& log = home.open_log();
    auto connection = home.pool.lend();
    const std::string long_id(257, 'x');
    const std::string long_stream = "'main', 'deal/" + long_id + "', 'T', '1'";

    for (const Refusal& row : std::vector<Refusal>{
             {"'main', 'deal', 'T', '1'", Errc::malformed},
             {"'main', 'Deal/1', 'T', '1'", Errc::malformed},
             {"'main', 'deal/', 'T', '1'", Errc::malformed},
             {"'main', E'deal/a\\nb', 'T', '1'", Errc::malformed},
             {long_stream.c_str(), Errc::malformed},
             {"'main', NULL, 'T', '1'", Errc::malformed},
             {"'main', 'deal/1', '1T', '1'", Errc::malformed},
             {"'main', 'deal/1', NULL, '1'", Errc::malformed},
             {"'main', 'deal/1', 'T', '{'", Errc::malformed},
             {"'main', 'deal/1', 'T', '{\"a\":1,\"a\":2}'", Errc::malformed},
             {"'main', 'deal/1', 'T', '1', meta => '[]'", Errc::malformed},
             {"'main', 'deal/1', 'T', '1', actor => ''", Errc::malformed},
             {"'main', 'deal/1', 'T', '1', key => E'a\\tb'", Errc::malformed},
             {"'main', 'deal/1', 'T', '1', \"time\" => 'infinity'", Errc::malformed},
             {"'main', 'deal/1', 'T', to_json(repeat('x', 1048577))", Errc::too_large},
             {"'main', 'sealstream-policy/x', 'T', '1'", Errc::forbidden},
             {"'other', 'deal/1', 'T', '1'", Errc::not_found},
             {"NULL, 'deal/1', 'T', '1'", Errc::not_found},
         }) {
        INFO(row.arguments);
        const auto refused =
            (*connection)
                ->run(std::string{"SELECT * FROM sealstream.append("} + row.arguments + ")");
        REQUIRE(!refused);
        CHECK(refused.error().code == row.code);
    }
    CHECK(*home.run(log.head()) == Position{0});
}

TEST_CASE("the role sealstream_app may append in its own name, and nothing else", "[sql]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    auto& log = home.open_log();
    const std::string role =
        "shop" + home.value("SELECT oid FROM pg_database WHERE datname = current_database()");
    {
        auto owner = home.pool.lend();
        REQUIRE((*owner)->run_script("CREATE ROLE " + role + " LOGIN IN ROLE sealstream_app"));
    }
    auto options = home.pool.options();
    options.uri += (options.uri.find('?') == std::string::npos ? "?user=" : "&user=") + role;
    const auto app = Connection::open(options);
    REQUIRE(app);

    REQUIRE((*app)->run(append_one, {"deal/1", "DealOpened", "{}"}));
    REQUIRE((*app)->run("SELECT * FROM sealstream.append('main', 'deal/1', 'T', '{}'::jsonb)"));
    REQUIRE((*app)->run("SELECT * FROM sealstream.append('main', 'deal/1', 'T', '{}'::json)"));
    const auto records = home.run(log.read_from(Position{}, ReadLimits{}));
    REQUIRE(records->size() == 3);
    CHECK(decode_record(records->front().record)->draft.source == role);

    const std::string as_other =
        "SELECT * FROM sealstream.append('main', 'deal/1', 'T', '1', source => 'billing')";
    CHECK((*app)->run(as_other).error().code == Errc::forbidden);
    REQUIRE(
        home.value("INSERT INTO sealstream.append_sources VALUES ($1, 'billing') RETURNING source",
                   {role}) == "billing");
    CHECK((*app)->run(as_other));

    for (const char* forbidden :
         {"SELECT * FROM sealstream.records", "SELECT * FROM sealstream.ledgers",
          "SELECT * FROM sealstream.outbox", "DELETE FROM sealstream.records",
          "UPDATE sealstream.ledgers SET head = 0", "CREATE TABLE sealstream.mine (a int)",
          "INSERT INTO sealstream.append_sources VALUES ('x', 'y')",
          "UPDATE sealstream.append_settings SET target = 'outbox'", "SELECT sealstream.new_salt()",
          "SELECT sealstream.transaction_frame()",
          "SELECT sealstream.append_to_log(NULL, NULL, 'T', '1', NULL, NULL, NULL, NULL, NULL, "
          "NULL, 'x')",
          "SELECT * FROM sealstream.migrations"}) {
        INFO(forbidden);
        const auto refused = (*app)->run(forbidden);
        REQUIRE(!refused);
        CHECK(refused.error().code == Errc::unsupported); // insufficient_privilege
    }
}

TEST_CASE("a ledger with another codec is not written from SQL", "[sql]")
{
    if (has_no_postgres()) {
        return;
    }
    PostgresHome home;
    PostgresLogOptions options;
    options.codec = CodecKind::deterministic_cbor;
    static_cast<void>(home.open_log(options));
    auto connection = home.pool.lend();

    const auto refused = (*connection)->run(append_one, {"deal/1", "T", "1"});

    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::unsupported);
}

} // namespace sealstream::sql_append_test
