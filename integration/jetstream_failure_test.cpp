// What the JetStream log says when the server is not what it should be, and that it is right again
// afterwards. A wrong answer here becomes a lost or a doubled event.

#include "integration/support/fake_nats_server.hpp"
#include "integration/support/jetstream_under_test.hpp"
#include "jetstream/connection.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>

namespace jetstream_failure_test {

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

std::vector<StreamAppend> one_event(std::uint64_t number, std::size_t bytes = 10)
{
    Draft draft = sample_draft(number);
    draft.data = "\"" + std::string(bytes, 'x') + "\"";
    return {StreamAppend{{"deal", "1"}, {}, {draft}}};
}

Result<Appended> append(LogUnderTest& home, std::vector<StreamAppend> batch)
{
    return run_task(home.context(), home.log().append(std::move(batch)));
}

// Repeats the very same call until it is acknowledged.
Result<Appended> append_at_last(LogUnderTest& home, const std::vector<StreamAppend>& batch,
                                std::chrono::seconds longest)
{
    const auto deadline = std::chrono::steady_clock::now() + longest;
    while (true) {
        auto appended = append(home, batch);
        if (appended || std::chrono::steady_clock::now() > deadline) {
            return appended;
        }
    }
}

std::ptrdiff_t open_sockets()
{
    const std::filesystem::directory_iterator descriptors{"/proc/self/fd"};
    return std::count_if(begin(descriptors), end(descriptors), [](const auto& descriptor) {
        std::error_code gone; // that of the iterator itself
        return std::filesystem::read_symlink(descriptor, gone).string().starts_with("socket:");
    });
}

Position head_of(LogUnderTest& home)
{
    const auto head = run_task(home.context(), home.log().head());
    return head ? *head : Position{};
}

// Changes one setting of a log as an administrator would, through the server's API.
void update_stream(const NatsServers& servers, const std::string& name, std::string_view field,
                   std::int64_t value)
{
    boost::asio::io_context context{1};
    jetstream::ConnectionOptions options;
    options.url = servers.url();
    auto connection = jetstream::Connection::open(options, context.get_executor());
    REQUIRE(connection);
    const auto found = run_task(
        context, (*connection)->request("$JS.API.STREAM.INFO." + name, std::string{}, 30s));
    REQUIRE(found);
    auto config = found->at("config").as_object();
    config[field] = value;
    const auto changed = run_task(context, (*connection)
                                               ->request("$JS.API.STREAM.UPDATE." + name,
                                                         boost::json::serialize(config), 30s));
    REQUIRE(changed);
    REQUIRE_FALSE(changed->contains("error"));
    (*connection)->close();
}

Result<void> open_on(const std::string& url, jetstream::EventLogOptions options = {})
{
    boost::asio::io_context context{1};
    SystemClock clock;
    jetstream::ConnectionOptions connection;
    connection.url = url;
    options.request_timeout = 1s;
    auto opened = run_task(context, jetstream::JetStreamEventLog::open(
                                        connection, options, {}, clock, context.get_executor()));
    if (!opened) {
        return opened.error();
    }
    (*opened)->close();
    opened->reset();
    context.restart();
    context.run_for(50ms);
    return {};
}

} // namespace

TEST_CASE("a server that is too old is refused, and named", "[failure]")
{
    const FakeNatsServer old_server{"2.10.29", 1};
    const auto refused = open_on(old_server.url());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::unsupported);
    CHECK(refused.error().context.find("too old") != std::string::npos);

    const FakeNatsServer almost{"2.12.1", 3};
    const auto refused_too = open_on(almost.url());
    REQUIRE_FALSE(refused_too);
    CHECK(refused_too.error().code == Errc::unsupported);

    // The neighbour: new enough, but it never answers about streams.
    const FakeNatsServer silent{"2.15.1", 4};
    const auto unanswered = open_on(silent.url());
    REQUIRE_FALSE(unanswered);
    CHECK(unanswered.error().code != Errc::unsupported);
    CHECK(info(unanswered.error().code).is_retryable);
}

TEST_CASE("no server at all is unavailable", "[failure]")
{
    const auto refused = open_on("nats://127.0.0.1:9");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::unavailable);
}

TEST_CASE("a log that was changed behind our back is corrupt, and the field is named", "[failure]")
{
    if (is_skipped()) {
        return;
    }
    const NatsServers servers;
    jetstream::EventLogOptions options;
    options.ledger = "changed";
    REQUIRE(open_on(servers.url(), options));
    REQUIRE(open_on(servers.url(), options)); // the neighbour: nobody has changed it

    update_stream(servers, "EV_changed", "max_msgs", 1'000'000);

    const auto refused = open_on(servers.url(), options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::corrupt);
    CHECK(refused.error().context.find("max_msgs: wanted -1, found 1000000") != std::string::npos);

    update_stream(servers, "EV_changed", "max_msgs", -1);
    CHECK(open_on(servers.url(), options));
}

TEST_CASE("a full log says so, loses nothing, and goes on when it may grow", "[failure]")
{
    if (is_skipped()) {
        return;
    }
    const NatsServers servers;
    jetstream::EventLogOptions options;
    options.ledger = "full";
    options.bytes_max = 64 << 10;
    JetStreamUnderTest home{servers, options};

    std::uint64_t acknowledged = 0;
    std::optional<Error> failed;
    while (!failed && acknowledged < 100) {
        const auto appended = append(home, one_event(acknowledged + 1, 4'000));
        if (appended) {
            ++acknowledged;
            CHECK(appended->events.front().position.value == acknowledged);
        } else {
            failed = appended.error();
        }
    }

    REQUIRE(failed);
    CHECK(failed->code == Errc::capacity);
    CHECK(acknowledged >= 10);
    CHECK(head_of(home).value == acknowledged);

    update_stream(servers, "EV_full", "max_bytes", 1 << 20);
    const auto appended = append(home, one_event(acknowledged + 1, 4'000));
    REQUIRE(appended);
    CHECK_FALSE(appended->is_repeat);
    CHECK(appended->events.front().position.value == acknowledged + 1);
    CHECK(appended->events.front().version.value == acknowledged + 1);
}

TEST_CASE("without a quorum nothing is acknowledged, and with it everything is there once",
          "[failure][cluster]")
{
    if (is_skipped()) {
        return;
    }
    NatsServers servers{NatsOptions{3, false, "1GB"}};
    jetstream::EventLogOptions options;
    options.ledger = "quorum";
    options.replicas = 3;
    options.append_timeout = 6s;
    JetStreamUnderTest home{servers, options};
    REQUIRE(append_at_last(home, one_event(1), 30s));

    servers.kill(0);
    servers.kill(1);
    for (std::uint64_t number = 2; number <= 4; ++number) {
        const auto appended = append(home, one_event(number));
        INFO("event " << number);
        REQUIRE_FALSE(appended);
        CHECK((appended.error().code == Errc::outcome_unknown ||
               appended.error().code == Errc::unavailable));
    }

    servers.start(0);
    servers.start(1);
    for (std::uint64_t number = 2; number <= 4; ++number) {
        INFO("event " << number);
        const auto appended = append_at_last(home, one_event(number), 60s);
        REQUIRE(appended);
        CHECK(appended->events.front().position.value == number);
    }
    CHECK(head_of(home).value == 4);
}

TEST_CASE("what a frozen server was sent is there exactly once after it goes on", "[failure]")
{
    if (is_skipped()) {
        return;
    }
    NatsServers servers;
    jetstream::EventLogOptions options;
    options.ledger = "frozen";
    options.acknowledge_timeout = 500ms;
    options.append_timeout = 1'500ms;
    JetStreamUnderTest home{servers, options};
    REQUIRE(append(home, one_event(1)));

    servers.pause();
    const auto unknown = append(home, one_event(2));
    servers.resume();
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == Errc::outcome_unknown);

    const auto appended = append_at_last(home, one_event(2), 30s);
    REQUIRE(appended);
    CHECK(appended->events.front().position.value == 2);
    const auto again = append(home, one_event(2));
    REQUIRE(again);
    CHECK(again->is_repeat);
    CHECK(again->events.front().position.value == 2);
    CHECK(head_of(home).value == 2);
}

TEST_CASE("a connection that was lost five times holds one socket, and a closed one none",
          "[failure]")
{
    if (is_skipped()) {
        return;
    }
    NatsServers servers;
    boost::asio::io_context context{1};
    const auto sockets_before = open_sockets();
    jetstream::ConnectionOptions options;
    options.url = servers.url();
    options.reconnect_wait = 20ms;
    auto opened = jetstream::Connection::open(options, context.get_executor());
    REQUIRE(opened);
    auto& connection = **opened;
    const auto answers = [&] {
        const auto answer =
            run_task(context, connection.request("$JS.API.INFO", std::string{}, 30s));
        return answer.has_value();
    };
    REQUIRE(answers());
    const auto sockets_connected = open_sockets();
    CHECK(sockets_connected > sockets_before); // the neighbour: it is seen at all

    for (std::uint64_t lost = 1; lost <= 5; ++lost) {
        INFO("lost " << lost << " times");
        servers.kill();
        REQUIRE(run_until(context, 60s, [&] { return !connection.is_connected(); }));
        servers.start();
        REQUIRE(run_until(context, 60s, [&] { return connection.reconnects() == lost; }));
        REQUIRE(answers());
        // The old connection is closed aside, on another thread.
        CHECK(run_until(context, 60s, [&] { return open_sockets() == sockets_connected; }));
    }

    connection.close();
    CHECK(run_until(context, 60s, [&] { return open_sockets() == sockets_before; }));
}

} // namespace jetstream_failure_test
