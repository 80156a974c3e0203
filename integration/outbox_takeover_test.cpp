// Two relays, or a relay and others, that append at the same time.

#include "integration/support/outbox_home.hpp"
#include "postgres/outbox/outbox_statements.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

#include <algorithm>

namespace sealstream::outbox_takeover_test {

using testing::has_no_postgres;
using testing::LogTarget;
using testing::MemoryLogOptions;
using testing::numbers;
using testing::OutboxHome;

TEST_CASE("a relay that was replaced while it slept doubles nothing, though the log forgets ids",
          "[outbox][fault]")
{
    if (has_no_postgres()) {
        return;
    }
    OutboxHome outbox{MemoryLogOptions{{}, {}, std::chrono::nanoseconds{0}}};
    for (int transaction = 0; transaction < 6; ++transaction) {
        REQUIRE(outbox.commit({"deal/1", "deal/2"})); // an append for each
    }
    LogTarget other{outbox.log};
    // Between the first and the second append of the one, the other takes over.
    const auto replace = [&]() -> Task<void> {
        CHECK(outbox.home.value("SELECT count(pg_terminate_backend(pid)) FROM pg_locks"
                                " WHERE locktype = 'advisory' AND granted") == "1");
        co_await outbox.relay_through(other);
    };
    outbox.target.before_append = replace;
    testing::CapturedLog captured;

    outbox.relay();

    captured.expect("outbox.retrying");
    CHECK(other.appends == 5);
    CHECK(outbox.data_in_log() == numbers(1, 12));
}

TEST_CASE("others append to the streams of the outbox, and nothing is lost", "[outbox]")
{
    if (has_no_postgres()) {
        return;
    }
    OutboxHome outbox;
    for (int transaction = 0; transaction < 4; ++transaction) {
        REQUIRE(outbox.commit({"deal/1"}));
    }
    const auto interfere = [&]() -> Task<void> {
        StreamAppend foreign;
        foreign.stream = StreamName{"deal", "1"};
        foreign.drafts.push_back(testing::sample_draft(1));
        std::vector<StreamAppend> batch;
        batch.push_back(std::move(foreign));
        const auto appended = co_await outbox.log.append(std::move(batch));
        CHECK(appended);
    };
    outbox.target.before_append = interfere;

    CHECK(outbox.relay().emitted == 4);

    auto data = outbox.data_in_log();
    REQUIRE(data.size() == 5);
    data.erase(data.begin() + 1);
    CHECK(data == numbers(1, 4));
}

namespace {

// Refuses what has `data`, while it is told to.
class RefusingTarget final : public OutboxTarget {
public:
    RefusingTarget(EventLog& log, std::string data) : log_{log}, data_{std::move(data)} {}
    Task<Result<Appended>> append(OutboxAppend append) override
    {
        for (const StreamAppend& one : append.batch) {
            for (const Draft& draft : one.drafts) {
                if (refuses && draft.data == data_) {
                    co_return Error{Errc::schema_violation, "not now"};
                }
            }
        }
        co_return co_await log_.append(std::move(append.batch));
    }
    bool refuses{true};

private:
    EventLog& log_;
    const std::string data_;
};

} // namespace

TEST_CASE(
    "a transaction that was cut and parked, and tried again, doubles nothing of its beginning",
    "[outbox][fault]")
{
    if (has_no_postgres()) {
        return;
    }
    OutboxHome outbox{MemoryLogOptions{{}, {}, std::chrono::nanoseconds{0}}};
    outbox.options.limits.append_events_max = 2;
    REQUIRE(outbox.commit({"deal/1", "deal/1", "deal/1"})); // two appends
    auto connection = outbox.home.pool.lend();
    // The first stamp fails, as when Postgres restarts between the two.
    REQUIRE(
        (*connection)
            ->run_script("CREATE SEQUENCE public.stamps;"
                         "CREATE FUNCTION public.fail_once() RETURNS trigger LANGUAGE plpgsql AS $$"
                         " BEGIN IF nextval('public.stamps') = 1 THEN"
                         " RAISE SQLSTATE '40001'; END IF; RETURN NEW; END $$;"
                         "CREATE TRIGGER fail_once BEFORE UPDATE ON sealstream.outbox"
                         " FOR EACH ROW EXECUTE FUNCTION public.fail_once()"));
    RefusingTarget target{outbox.log, "3"};
    outbox.home.run(outbox.relay_through(target));
    REQUIRE(outbox.commit({"deal/2"})); // "4": the relay goes on after it
    outbox.home.run(outbox.relay_through(target));

    target.refuses = false;
    const auto freed = retry_parked(**connection, "main", std::nullopt);
    REQUIRE(freed);
    REQUIRE(*freed == 1);
    outbox.home.run(outbox.relay_through(target));

    auto data = outbox.data_in_log();
    std::sort(data.begin(), data.end());
    CHECK(data == numbers(1, 4));
}

} // namespace sealstream::outbox_takeover_test
