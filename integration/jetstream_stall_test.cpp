// A consumer that sends heartbeats and nothing of what is pending, as one that somebody has paused.

#include "integration/support/jetstream_under_test.hpp"
#include "jetstream/connection.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

#include <boost/json/serialize.hpp>

namespace jetstream_stall_test {

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

// Pauses the only consumer of the stream, for years; its name.
std::string pause_consumer(const NatsServers& servers, const std::string& stream)
{
    boost::asio::io_context context{1};
    jetstream::ConnectionOptions options;
    options.url = servers.url();
    auto connection = jetstream::Connection::open(options, context.get_executor());
    REQUIRE(connection);
    const auto ask = [&](const std::string& subject, std::string body) {
        auto answer = run_task(context, (*connection)->request("$JS.API." + subject, body, 30s));
        REQUIRE(answer);
        INFO(boost::json::serialize(*answer));
        REQUIRE(!answer->contains("error"));
        return *std::move(answer);
    };
    const auto names = ask("CONSUMER.NAMES." + stream, {});
    REQUIRE(names.at("consumers").as_array().size() == 1);
    const std::string name{names.at("consumers").as_array().front().as_string()};
    const auto paused =
        ask("CONSUMER.PAUSE." + stream + "." + name, R"({"pause_until":"2099-01-01T00:00:00Z"})");
    CHECK(paused.at("paused").as_bool());
    return name;
}

} // namespace

TEST_CASE("a feed gives a consumer up that sends nothing of what is pending", "[failure]")
{
    if (is_skipped()) {
        return;
    }
    NatsServers servers;
    jetstream::EventLogOptions options;
    options.ledger = "stalls";
    jetstream::FeedOptions pulls;
    pulls.pull_events = 10; // far less than there is
    pulls.buffered_events_max = 10;
    pulls.stall = 1s;
    JetStreamUnderTest home{servers, options, pulls};
    for (std::uint64_t number = 1; number <= 100; ++number) {
        REQUIRE(run_task(home.context(), home.log().append(std::vector<StreamAppend>{
                                             {{"deal", "1"}, {}, {sample_draft(number)}}})));
    }
    const auto feed = home.log().subscribe_from(Position{0});
    const auto first = run_task(home.context(), feed->next(1, 10s));
    REQUIRE(first);
    REQUIRE(first->records.size() == 1);

    const std::string paused = pause_consumer(servers, "EV_stalls");
    std::uint64_t last = 1;
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (last < 100 && std::chrono::steady_clock::now() < deadline) {
        const auto batch = run_task(home.context(), feed->next(10, 1s));
        REQUIRE(batch);
        for (const StoredRecord& record : batch->records) {
            CHECK(record.position.value == last + 1); // none lost, none twice
            last = record.position.value;
        }
    }

    CHECK(last == 100);
    CHECK(pause_consumer(servers, "EV_stalls") != paused);
}

} // namespace jetstream_stall_test
