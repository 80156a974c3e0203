// Two relays, or a relay and others, that append at the same time.

#include "integration/support/outbox_home.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

namespace sealstream {

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

} // namespace sealstream
