// What the JetStream log says when it must not trust what is nearest: its own clock, what it
// remembers, how a server was set up when it started.

#include "integration/support/jetstream_under_test.hpp"
#include "jetstream/connection.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

#include <boost/json/serialize.hpp>

#include <iostream>

namespace jetstream_doubt_test {

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

class ShiftedClock final : public Clock {
public:
    explicit ShiftedClock(std::chrono::nanoseconds ahead) : ahead_{ahead} {}
    [[nodiscard]] WallTime wall() const override
    {
        return WallTime{clock_.wall().nanoseconds + ahead_.count()};
    }
    [[nodiscard]] Monotonic monotonic() const override { return clock_.monotonic(); }

private:
    SystemClock clock_;
    std::chrono::nanoseconds ahead_;
};

std::vector<StreamAppend> events(std::uint64_t first, std::size_t count, Expected expected = {},
                                 std::size_t bytes = 10)
{
    StreamAppend append{{"deal", "1"}, expected, {}};
    for (std::size_t at = 0; at < count; ++at) {
        Draft draft = sample_draft(first + at);
        draft.data = "\"" + std::string(bytes, 'x') + "\"";
        append.drafts.push_back(std::move(draft));
    }
    return {append};
}

constexpr Expected absent{Expected::Kind::absent, {}};

// Asks the server's API as an administrator would.
boost::json::object ask(const NatsServers& servers, const std::string& subject, std::string body)
{
    boost::asio::io_context context{1};
    jetstream::ConnectionOptions options;
    options.url = servers.url();
    auto connection = jetstream::Connection::open(options, context.get_executor());
    REQUIRE(connection);
    auto answer = run_task(context, (*connection)->request(subject, std::move(body), 10s));
    REQUIRE(answer);
    CHECK_FALSE(answer->contains("error"));
    (*connection)->close();
    context.restart();
    context.run_for(20ms);
    return *std::move(answer);
}

std::int64_t consumers_of(const NatsServers& servers, const std::string& log)
{
    const auto info = ask(servers, "$JS.API.STREAM.INFO." + log, {});
    return info.at("state").at("consumer_count").as_int64();
}

} // namespace

TEST_CASE("an event of six megabytes stops no reader, and leaves no consumers behind", "[failure]")
{
    if (is_skipped()) {
        return;
    }
    NatsOptions big;
    big.more_settings = "max_payload: 16MB\n";
    const NatsServers servers{big};
    jetstream::EventLogOptions options;
    options.ledger = "large";
    JetStreamUnderTest home{servers, options, jetstream::FeedOptions{}};
    const auto appended = [&](std::vector<StreamAppend> batch) {
        return run_task(home.context(), home.log().append(std::move(batch))).has_value();
    };
    REQUIRE(appended(events(1, 2)));
    REQUIRE(appended(events(3, 1, {}, 6'000'000)));
    REQUIRE(appended(events(4, 2)));
    CHECK(home.log().status().payload_bytes_max == 16 << 20);

    const auto feed = home.log().subscribe_from(Position{0});
    std::vector<std::uint64_t> positions;
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (positions.size() < 5 && std::chrono::steady_clock::now() < deadline) {
        const auto batch = run_task(home.context(), feed->next(100, 1s));
        REQUIRE(batch);
        for (const StoredRecord& record : batch->records) {
            positions.push_back(record.position.value);
        }
    }

    CHECK(positions == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
    CHECK(consumers_of(servers, "EV_large") == 1);
    feed->close();
    CHECK(run_until(home.context(), 60s, [&] { return consumers_of(servers, "EV_large") == 0; }));
}

TEST_CASE("a log says that its server takes no events so large, and names both limits", "[failure]")
{
    if (is_skipped()) {
        return;
    }
    const NatsServers servers; // max_payload: 1MB
    JetStreamUnderTest home{servers, {}};
    CHECK(home.log().check_takes(1 << 20));

    const auto refused = home.log().check_takes((1 << 20) + 1);

    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::malformed);
    for (const char* const word : {"http.event_bytes_max is 1048577", "max_payload", "1048576"}) {
        CHECK(refused.error().context.find(word) != std::string::npos);
    }
}

TEST_CASE("a node whose clock is wrong recognises what is in the log", "[failure]")
{
    if (is_skipped()) {
        return;
    }
    const NatsServers servers;
    jetstream::EventLogOptions options;
    options.ledger = "clocks";
    JetStreamUnderTest writer{servers, options};
    const auto single = events(1, 1, absent);
    const auto batch = events(2, 3, Expected{Expected::Kind::version, Version{1}});
    REQUIRE(run_task(writer.context(), writer.log().append(single)));
    REQUIRE(run_task(writer.context(), writer.log().append(batch)));

    for (const std::chrono::minutes ahead : {-11min, 11min, 525'600min}) {
        JetStreamUnderTest other{servers, options, {}, std::make_unique<ShiftedClock>(ahead)};
        for (const auto& request : {single, batch}) {
            INFO(ahead.count() << " minutes ahead");
            const auto repeat = run_task(other.context(), other.log().append(request));
            INFO((repeat ? "" : describe(repeat.error())));
            REQUIRE(repeat);
            CHECK(repeat->is_repeat);
        }
    }
}

TEST_CASE("a conflict that can not be looked at is not looked at without pause",
          "[failure][cluster]")
{
    if (is_skipped()) {
        return;
    }
    const NatsServers servers{NatsOptions{3, false, "1GB"}};
    jetstream::EventLogOptions options;
    options.ledger = "gone";
    options.replicas = 3;
    options.append_timeout = 2s;
    JetStreamUnderTest home{servers, options};
    REQUIRE(run_task(home.context(), home.log().append(events(1, 1))));
    const auto looks_before = home.log().status().head_reads;
    ask(servers, "$JS.API.STREAM.DELETE.EV_gone", {}); // each look fails at once

    const auto refused = run_task(home.context(), home.log().append(events(2, 1, absent)));

    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::unavailable);
    CHECK(home.log().status().head_reads - looks_before < 10);
}

TEST_CASE("appends that wait are bounded in bytes, and one is taken in any case", "[failure]")
{
    if (is_skipped()) {
        return;
    }
    const NatsServers servers;
    jetstream::EventLogOptions options;
    options.queue_bytes_max = 100'000;
    JetStreamUnderTest home{servers, options};
    REQUIRE(run_task(home.context(), home.log().append(events(1, 1, {}, 300'000))));

    std::vector<Task<Result<Appended>>> crowd;
    for (std::uint64_t number = 10; number < 20; ++number) {
        crowd.push_back(home.log().append(events(number, 1, {}, 30'000)));
    }
    const auto answers = run_tasks(home.context(), std::move(crowd));

    std::size_t taken = 0;
    for (const auto& answer : answers) {
        taken += answer ? 1U : 0U;
        CHECK((answer || answer.error().code == Errc::overloaded));
    }
    CHECK(taken == 3);
    CHECK(run_task(home.context(), home.log().append(events(30, 1, {}, 30'000)))); // room again
}

TEST_CASE("what receipts say of syncs and copies follows the servers", "[failure]")
{
    if (is_skipped()) {
        return;
    }
    NatsServers servers{NatsOptions{1, true, "1GB"}};
    jetstream::EventLogOptions options;
    options.ledger = "durable";
    options.monitor_urls = servers.monitor_url();
    options.durability_interval = 24h; // the reconnect is what makes it look
    options.durability_retry = 100ms;
    JetStreamUnderTest home{servers, options};
    CHECK(home.log().durability().name == "jetstream-r1-synced");
    CHECK(home.log().durability().is_confirmed);

    servers.stop();
    servers.set_synced(0, false);
    servers.start();

    CHECK(run_until(home.context(), 60s, [&] {
        return home.log().durability().name == "jetstream-r1-lazy" &&
               home.log().durability().is_confirmed;
    }));
    CHECK(home.log().durability().sync_interval.count() > 0);

    servers.stop();
    servers.set_synced(0, true);
    servers.start();

    CHECK(run_until(home.context(), 60s,
                    [&] { return home.log().durability().name == "jetstream-r1-synced"; }));
}

} // namespace jetstream_doubt_test
