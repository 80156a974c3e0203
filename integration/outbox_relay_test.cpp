// The relay on a real Postgres and a log in memory that fails where it is told to.

#include "integration/support/outbox_home.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

#include <thread>

namespace sealstream::outbox_relay_test {

using testing::has_no_postgres;
using testing::MemoryEventLog;
using testing::numbers;
using testing::OutboxHome;
using Strike = MemoryEventLog::Strike;

TEST_CASE("the relay brings committed transactions into the log and stamps them", "[outbox]")
{
    if (has_no_postgres()) {
        return;
    }
    OutboxHome outbox;
    REQUIRE(outbox.commit({"deal/1", "deal/2"}));
    REQUIRE_FALSE(outbox.commit({"deal/1"}, false)); // rolled back: number 3
    REQUIRE(outbox.commit({"deal/1"}));
    CHECK(outbox.home.value(
              "SELECT count(*) FROM sealstream.outbox WHERE emitted_at IS NOT NULL") == "0");

    const auto status = outbox.relay();

    CHECK(status.emitted == 3);
    CHECK(outbox.data_in_log() == std::vector<std::string>{"1", "2", "4"});
    CHECK(outbox.home.value("SELECT count(*) FROM sealstream.outbox WHERE emitted_at IS NOT NULL"
                            " AND position IN (1, 2, 3)") == "3");
    CHECK(outbox.home.value("SELECT version FROM sealstream.outbox WHERE data = '4'") == "2");
    const auto records = outbox.home.run(outbox.log.read_from(Position{}, ReadLimits{}));
    const auto first = decode_record(records->front().record);
    CHECK(first->draft.key.starts_with("ledger-tx-sealstream@"));
    CHECK(first->draft.id.to_string() ==
          outbox.home.value("SELECT sealstream.id_of_key('sealstream', $1)", {first->draft.key}));
}

TEST_CASE("whatever an append fails with, each event is in the log once and in order",
          "[outbox][fault]")
{
    if (has_no_postgres()) {
        return;
    }
    auto random = testing::random_generator(602);
    constexpr std::array failures{Errc::outcome_unknown, Errc::unavailable, Errc::overloaded,
                                  Errc::timed_out, Errc::capacity};
    OutboxHome outbox;
    for (int round = 0; round < 12; ++round) {
        for (int transaction = 0; transaction < 6; ++transaction) {
            std::vector<std::string> streams(1 + random() % 3);
            for (std::string& stream : streams) {
                stream = "deal/" + std::to_string(transaction % 3); // one stream: order shows
            }
            REQUIRE(outbox.commit(streams));
        }
        for (auto left = random() % 4; left > 0; --left) {
            const auto strike = random() % 2 == 0 ? Strike::after_effect : Strike::before_effect;
            outbox.log.fail_next_append(failures[random() % failures.size()], strike);
        }
        if (random() % 3 == 0) {
            outbox.log.fail_next_read(Errc::unavailable);
        }
        outbox.relay();
        REQUIRE(outbox.waiting().empty());
    }
    CHECK(outbox.data_in_log() == numbers(1, outbox.events));
}

TEST_CASE("a relay that died after its append finds it in the log", "[outbox][fault]")
{
    if (has_no_postgres()) {
        return;
    }
    OutboxHome outbox;
    REQUIRE(outbox.commit({"deal/1"}));
    outbox.relay();
    REQUIRE(outbox.commit({"deal/2", "deal/3"}));
    // As if the process had ended between the log's answer and the stamp, and was away for long.
    outbox.log.fail_next_append(Errc::internal, Strike::after_effect);
    testing::CapturedLog captured;
    CHECK(outbox.relay().state == OutboxStatus::State::halted);
    captured.expect("outbox.halted");
    CHECK(captured.count("outbox.halted") == 1);
    CHECK(captured.unexpected_errors().empty());
    const auto appends = outbox.target.appends;

    outbox.relay();

    CHECK(outbox.waiting().empty());
    CHECK(outbox.target.appends == appends); // it looked, and did not append again
    CHECK(outbox.data_in_log() == numbers(1, 3));
}

TEST_CASE("a transaction that the log refuses is parked, and the rest goes on", "[outbox]")
{
    if (has_no_postgres()) {
        return;
    }
    OutboxHome outbox;
    Draft taken = testing::sample_draft(1);
    taken.id = *EventId::parse("0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c11");
    std::vector<StreamAppend> earlier{{StreamName{"deal", "x"}, {}, {taken}}};
    REQUIRE(outbox.home.run(outbox.log.append(std::move(earlier))));
    REQUIRE(outbox.commit({"deal/1"}));
    REQUIRE(outbox.home.value(
                "SELECT is_repeat FROM sealstream.append('main', 'deal/2', 'T', '9', id =>"
                " '0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c11')") == "f");
    REQUIRE(outbox.commit({"deal/3"}));

    outbox.relay();

    CHECK(outbox.data_in_log().size() == 3); // the earlier one and two of the outbox
    auto connection = outbox.home.pool.lend();
    const auto parked = read_parked(**connection, "main", 10);
    REQUIRE(parked);
    REQUIRE(parked->size() == 1);
    CHECK(parked->front().reason.starts_with("key_reuse"));
    CHECK(parked->front().events == 1);
    CHECK(read_lag(**connection, "main")->parked_transactions == 1);

    // Someone has mended it, and asks for another try.
    REQUIRE(
        (*connection)->run("UPDATE sealstream.outbox SET id = gen_random_uuid() WHERE data = '9'"));
    CHECK(*retry_parked(**connection, "main", parked->front().commit_number) == 1);
    outbox.relay();
    CHECK(outbox.data_in_log().size() == 4);
    CHECK(read_parked(**connection, "main", 10)->empty());
}

TEST_CASE("a transaction larger than an append is cut, in order", "[outbox]")
{
    if (has_no_postgres()) {
        return;
    }
    OutboxHome outbox;
    outbox.options.page_events_max = 10;
    outbox.options.limits.append_events_max = 7;
    REQUIRE(outbox.commit(std::vector<std::string>(3, "deal/1")));
    REQUIRE(outbox.commit(std::vector<std::string>(25, "deal/1")));
    REQUIRE(outbox.commit(std::vector<std::string>(3, "deal/1")));

    outbox.relay();

    CHECK(outbox.data_in_log() == numbers(1, 31));
}

TEST_CASE("a repeat in the outbox is one event, and its transaction is not waited for", "[outbox]")
{
    if (has_no_postgres()) {
        return;
    }
    OutboxHome outbox;
    const std::string keyed =
        "SELECT is_repeat FROM sealstream.append('main', 'deal/1', 'T', '1', key => 'once')";
    CHECK(outbox.home.value(keyed) == "f");
    CHECK(outbox.home.value(keyed) == "t");
    outbox.options.lag_interval = std::chrono::milliseconds{1};

    outbox.relay();

    CHECK(outbox.waiting().empty());
    CHECK(outbox.data_in_log() == numbers(1, 1));
}

TEST_CASE("emitted transactions are removed after their time", "[outbox]")
{
    if (has_no_postgres()) {
        return;
    }
    OutboxHome outbox;
    REQUIRE(outbox.commit({"deal/1"}));
    outbox.relay();
    outbox.options.keep_emitted = std::chrono::hours{1};
    auto connection = outbox.home.pool.lend();
    CHECK(*remove_emitted(**connection, outbox.options) == 0);
    REQUIRE(
        (*connection)
            ->run("UPDATE sealstream.outbox_transactions SET emitted_at = now() - interval '2 h'"));

    CHECK(*remove_emitted(**connection, outbox.options) == 1);

    CHECK(outbox.home.value("SELECT count(*) FROM sealstream.outbox") == "0");
}

TEST_CASE("a relay of an older epoch changes nothing", "[outbox]")
{
    if (has_no_postgres()) {
        return;
    }
    OutboxHome outbox;
    REQUIRE(outbox.commit({"deal/1"}));
    auto connection = outbox.home.pool.lend();
    auto old = *claim_outbox(**connection, "main", "log");
    const auto young = *claim_outbox(**connection, "main", "log");
    old.attempted_through = 1;

    CHECK(young.epoch == old.epoch + 1);
    CHECK(note_attempt(**connection, "main", old).error().code == Errc::conflict);
    CHECK(stamp_emitted(**connection, "main", old.epoch, {}, 1).error().code == Errc::conflict);
    CHECK(park_transaction(**connection, "main", old.epoch, 1, "x").error().code == Errc::conflict);
    CHECK(outbox.waiting() == "1");
    CHECK(note_attempt(**connection, "main", young));
}

namespace {

// Sessions that wait for an advisory lock now; waits until there are so many, or for long.
bool wait_for_waiting(OutboxHome& outbox, const std::string& count)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    const std::string waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND"
                                " NOT granted AND database = (SELECT oid FROM pg_database"
                                " WHERE datname = current_database())";
    while (outbox.home.value(waiting) != count) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return true;
}

bool append_to_both(Connection& connection, const std::string& first, const std::string& second)
{
    for (const std::string& ledger : {first, second}) {
        const auto appended = connection.run(
            "SELECT event_id FROM sealstream.append($1, 'deal/1', 'T', 'null'::text)", {ledger});
        if (!appended) {
            return false;
        }
    }
    return true;
}

} // namespace

TEST_CASE("transactions over two outboxes in opposite orders wait for each other, and both commit",
          "[outbox]")
{
    if (has_no_postgres()) {
        return;
    }
    OutboxHome outbox;
    auto one = outbox.home.pool.lend();
    auto other = outbox.home.pool.lend();
    auto third = outbox.home.pool.lend();
    REQUIRE(write_append_settings(**one, {"second", AppendTarget::outbox, {}, {}}));
    auto opposite = Transaction::begin(**other);
    REQUIRE(append_to_both(**other, "second", "main"));
    auto straight = Transaction::begin(**one);
    REQUIRE(append_to_both(**one, "main", "second"));
    // Both commit while a third holds the lock of "second": each would come to it with "main" in
    // hand, or want that next.
    auto holding = Transaction::begin(**third);
    REQUIRE((*third)->run("SELECT pg_advisory_xact_lock("
                          "hashtextextended('sealstream outbox second', 0))"));
    Result<void> first;
    Result<void> second;
    std::thread opposite_commit{[&] { first = opposite->commit(); }};
    const bool is_first_waiting = wait_for_waiting(outbox, "1");
    std::thread straight_commit{[&] { second = straight->commit(); }};
    const bool is_second_waiting = wait_for_waiting(outbox, "2");
    const auto released = holding->commit();
    opposite_commit.join();
    straight_commit.join();

    CHECK(is_first_waiting);
    CHECK(is_second_waiting);
    CHECK(released);
    CHECK(first);
    CHECK(second);
    CHECK(outbox.home.value("SELECT count(commit_number) FROM sealstream.outbox_transactions") ==
          "4");
}

} // namespace sealstream::outbox_relay_test
