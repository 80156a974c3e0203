// Keys of payloads in a real Postgres, and the runner that destroys them, over a log in memory.

#include "core/event/codec.hpp"
#include "core/retention/expiry_event.hpp"
#include "core/retention/key_period.hpp"
#include "integration/support/postgres_home.hpp"
#include "postgres/retention/expiry_runner.hpp"
#include "postgres/retention/postgres_payload_keys.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_event_log.hpp"

#include <thread>

namespace sealstream::expiry_runner_test {

namespace {

using testing::has_no_postgres;
using namespace std::chrono_literals;

constexpr auto patience = 60s;

class KeysHome {
public:
    KeysHome() { set_keep(1s); }

    void set_keep(std::chrono::seconds keep)
    {
        RetentionRules made;
        made.classes.emplace("ops.short", keep);
        rules = std::make_shared<const RetentionRules>(std::move(made));
    }

    CurrentPayloadKey current()
    {
        const auto made = home.run(keys.current("ops.short", 1s));
        INFO((made ? "" : describe(made.error())));
        REQUIRE(made.has_value());
        return *made;
    }

    std::optional<FoundPayloadKey> find(const std::string& name)
    {
        const auto found = home.run(keys.find({name}));
        REQUIRE(found.has_value());
        return found->empty() ? std::nullopt : std::optional{found->front()};
    }

    // Waits until something is over.
    std::size_t destroy()
    {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        for (;;) {
            auto connection = home.pool.lend();
            REQUIRE(connection.has_value());
            const auto destroyed = destroy_payload_keys(**connection, "main", *rules, 100);
            REQUIRE(destroyed.has_value());
            if (*destroyed != 0 || std::chrono::steady_clock::now() > deadline) {
                return *destroyed;
            }
            std::this_thread::sleep_for(20ms);
        }
    }

    // Runs it until everything that is destroyed is said.
    void run_until_told()
    {
        Stop stop{home.context.get_executor()};
        ExpiryOptions options;
        options.poll = 20ms;
        ExpiryRunner runner{log,    ids, home.pool, home.threads, stop, [this] { return rules; },
                            options};
        home.tasks.spawn("runner", runner.run());
        home.run(wait_until_told());
        stop.request();
        home.run(wait_until_idle());
    }

    std::vector<std::string> told()
    {
        const auto records = home.run(log.read_from(Position{0}, ReadLimits{}));
        REQUIRE(records.has_value());
        std::vector<std::string> said;
        for (const StoredRecord& record : *records) {
            const auto event = decode_record(record.record);
            REQUIRE(event.has_value());
            const auto key = expired_key(*event);
            REQUIRE(key.has_value());
            CHECK(event->stream.to_string() == "sealstream-retention/ops.short");
            said.push_back(*key);
        }
        return said;
    }

    std::size_t untold()
    {
        auto connection = home.pool.lend();
        REQUIRE(connection.has_value());
        const auto keys_left = untold_payload_keys(**connection, "main", 100);
        REQUIRE(keys_left.has_value());
        return keys_left->size();
    }

    testing::PostgresHome home;
    SystemClock clock;
    EventIdSource ids{clock};
    testing::MemoryEventLog log{home.context.get_executor(), clock};
    const WrappingKey wrapping{WrappingKey::generate()};
    PostgresPayloadKeys keys{"main", wrapping, home.pool, home.threads};
    RetentionRulesPtr rules;

private:
    Task<void> wait_until_told()
    {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        Stop never{home.context.get_executor()};
        while (untold() != 0 && std::chrono::steady_clock::now() < deadline) {
            co_await never.sleep_for(20ms);
        }
    }
    Task<void> wait_until_idle() { co_await home.tasks.wait_idle(patience); }
};

} // namespace

TEST_CASE("who asks at the same time gets the same key, and only wrapped it is stored",
          "[retention]")
{
    if (has_no_postgres()) {
        return;
    }
    KeysHome at;
    PostgresPayloadKeys other{"main", at.wrapping, at.home.pool, at.home.threads};
    std::vector<Task<Result<CurrentPayloadKey>>> asked;
    for (int number = 0; number < 8; ++number) {
        asked.push_back((number % 2 == 0 ? at.keys : other).current("ops.long", 3600s));
    }
    const auto made = testing::run_tasks(at.home.context, std::move(asked));
    for (const auto& one : made) {
        REQUIRE(one.has_value());
        CHECK(one->key.name == made.front()->key.name);
        CHECK(one->key.secret == made.front()->key.secret);
        CHECK(one->usable_for > 0s);
        CHECK(one->usable_for <= 3600s);
    }
    CHECK(parse_key_name(made.front()->key.name).has_value());
    CHECK(at.home.value("SELECT count(*) FROM sealstream.payload_keys") == "1");
    CHECK(at.home.value("SELECT length(wrapped) FROM sealstream.payload_keys") == "60");
    CHECK(at.find("ops.long/no/key") == std::nullopt);
    CHECK(at.find(made.front()->key.name)->secret == made.front()->key.secret);
}

TEST_CASE("another wrapping key opens nothing, and says which one would", "[retention]")
{
    if (has_no_postgres()) {
        return;
    }
    KeysHome at;
    const auto key = at.current();
    const WrappingKey wrong = WrappingKey::generate();
    auto connection = at.home.pool.lend();
    REQUIRE(connection.has_value());
    CHECK(check_wrapping(**connection, "main", at.wrapping).has_value());
    CHECK(check_wrapping(**connection, "other", wrong).has_value());
    for (const auto& refused :
         {check_wrapping(**connection, "main", wrong).error(),
          find_payload_keys(**connection, "main", wrong, {key.key.name}).error()}) {
        CHECK(refused.code == Errc::unsupported);
        CHECK(refused.context.find(at.wrapping.name()) != std::string::npos);
    }
}

TEST_CASE("keys are destroyed when their time is over, not before, and stay destroyed",
          "[retention]")
{
    if (has_no_postgres()) {
        return;
    }
    KeysHome at;
    at.set_keep(std::chrono::hours{24 * 30});
    const auto key = at.current();
    {
        auto connection = at.home.pool.lend();
        REQUIRE(connection.has_value());
        CHECK(*destroy_payload_keys(**connection, "main", *at.rules, 100) == 0);
        CHECK(*destroy_payload_keys(**connection, "main", RetentionRules{}, 100) == 0);
    }
    at.set_keep(1s);
    CHECK(at.destroy() == 1);
    const auto found = at.find(key.key.name);
    REQUIRE(found.has_value());
    CHECK_FALSE(found->secret.has_value());
    CHECK(at.home
              .value("UPDATE sealstream.payload_keys SET wrapped = '\\x00', destroyed = NULL"
                     " RETURNING name")
              .find("is destroyed") != std::string::npos);
}

TEST_CASE("what was destroyed by one that died is said once by the next", "[retention][crash]")
{
    if (has_no_postgres()) {
        return;
    }
    KeysHome at;
    const auto first = at.current();
    CHECK(at.destroy() == 1); // and then it was killed
    CHECK(at.told().empty());
    at.set_keep(std::chrono::hours{1});

    at.run_until_told();

    CHECK(at.told() == std::vector<std::string>{first.key.name});
    CHECK(at.untold() == 0);
    // Killed after it had said so, before it had noted that.
    CHECK(at.home.value("UPDATE sealstream.payload_keys SET told_at = NULL RETURNING name") ==
          first.key.name);
    CHECK(at.untold() == 1);
    at.run_until_told();
    CHECK(at.untold() == 0);
    CHECK(at.told() == std::vector<std::string>{first.key.name});

    at.set_keep(1s);
    const auto second = at.current();
    CHECK(at.destroy() == 1);
    at.run_until_told();
    CHECK(at.told() == std::vector<std::string>{first.key.name, second.key.name});
}

TEST_CASE("events that wait for a fold to be mended are forgotten, too", "[retention]")
{
    if (has_no_postgres()) {
        return;
    }
    KeysHome at;
    const auto key = at.current();
    auto connection = at.home.pool.lend();
    REQUIRE(connection.has_value());
    REQUIRE((*connection)
                ->run_script("SET session_replication_role = replica;"
                             "INSERT INTO sealstream.parked_events (ledger, name,"
                             " projection_version, position, id, stream_type, stream_id, version,"
                             " type, schema_version, source, actor, key, ingested, data, meta,"
                             " skipped, payload_key) SELECT 'main', 'p', 1, n, gen_random_uuid(),"
                             " 'ops', 'main', n, 'T', 1, 's', '', '', now(), '\"secret\"', '{}',"
                             " false, CASE n WHEN 1 THEN '" +
                             key.key.name + "' END FROM generate_series(1, 2) AS n;" +
                             "SET session_replication_role = origin"));
    CHECK(at.destroy() == 1);
    CHECK(
        at.home.value("SELECT string_agg(position || data::text || expired, ' ' ORDER BY position)"
                      " FROM sealstream.parked_events") == "1nulltrue 2\"secret\"false");
}

} // namespace sealstream::expiry_runner_test
