// An append that waits in a node while it is cut off from NATS is sent by the rules that hold when
// the cut is over, or not at all.

#include "core/rules/system_streams.hpp"
#include "integration/support/jetstream_under_test.hpp"
#include "integration/support/tcp_gate.hpp"
#include "node/rules/rulebook_follower.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

#include <iostream>

namespace permit_test {

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

using std::chrono::steady_clock;

// True, after saying so, when there is nothing to test with.
bool has_no_server()
{
    if (NatsServers::is_installed()) {
        return false;
    }
    std::cout << "SKIPPED: no nats-server; ./dev deps fetches one" << std::endl;
    return true;
}

Task<void> append_into(EventLog* log, AppendRequest request,
                       std::optional<Result<Appended>>* outcome)
{
    auto appended = co_await log->append(std::move(request));
    *outcome = std::move(appended);
}

int port_of(const std::string& url)
{
    return std::stoi(url.substr(url.rfind(':') + 1));
}

// A node behind a gate, and one that is not.
class World {
public:
    World() : gate_{port_of(servers_.url())}
    {
        near_ = open(servers_.url());
        far_ = open("nats://127.0.0.1:" + std::to_string(gate_.port()));
        rules_ = std::make_unique<RulebookFollower>(context_.get_executor(), *far_, clock_,
                                                    RulebookOptions{});
        rules_->start(tasks_);
    }
    ~World()
    {
        rules_->close();
        far_->close();
        near_->close();
        run_task(context_, tasks_.wait_idle(60s));
        rules_.reset();
        far_.reset();
        near_.reset();
        context_.restart();
        context_.run_for(50ms); // what was posted goes first
    }

    [[nodiscard]] bool applies(Position position)
    {
        return run_task(context_, rules_->applied(position, 60s)).has_value();
    }

    // By the node behind the gate, as its rules allow it now.
    void begin_append(std::uint64_t number)
    {
        const auto rules = rules_->now();
        REQUIRE(rules.has_value());
        AppendRequest request{{StreamAppend{{"account", "1"}, {}, {sample_draft(number)}}}};
        request.permit = rules->permit;
        holds_until_ = rules->permit.holds_until;
        outcome_.reset();
        tasks_.spawn("append", append_into(far_.get(), std::move(request), &outcome_));
    }

    // The other node records an edit.
    Position edit()
    {
        Draft draft = sample_draft(900 + ++edits_);
        draft.type = std::string{policy_event_type};
        draft.data = edit_data("TokensIssued", std::nullopt, EmissionPolicy{{"*"}, {}, false});
        std::vector<StreamAppend> batch{
            {{std::string{policy_stream_type}, "TokensIssued"}, {}, {std::move(draft)}}};
        const auto edited = run_task(context_, near_->append(std::move(batch)));
        REQUIRE(edited.has_value());
        return edited->events.front().position;
    }

    void shut()
    {
        gate_.shut();
        REQUIRE(runs_until([this] { return !far_->status().is_connected; }));
    }
    void open_gate() { gate_.open(); }

    // Until the permit of the append that waits is over; it must not have been answered.
    [[nodiscard]] bool waits_past_its_permit()
    {
        return runs_until([this] { return clock_.monotonic() > holds_until_; }) && !outcome_;
    }
    [[nodiscard]] const Result<Appended>& outcome()
    {
        REQUIRE(runs_until([this] { return outcome_.has_value(); }));
        return *outcome_;
    }
    [[nodiscard]] Version version()
    {
        const auto head = run_task(context_, near_->stream_head({"account", "1"}));
        REQUIRE(head.has_value());
        return head->version;
    }

private:
    std::unique_ptr<jetstream::JetStreamEventLog> open(const std::string& url)
    {
        jetstream::ConnectionOptions connection;
        connection.url = url;
        return open_patiently(context_, [&] {
            return jetstream::JetStreamEventLog::open(connection, {}, {}, clock_,
                                                      context_.get_executor());
        });
    }

    template <class Condition>
    bool runs_until(Condition holds)
    {
        const auto deadline = steady_clock::now() + 60s;
        while (!holds() && steady_clock::now() < deadline) {
            context_.restart();
            context_.run_for(5ms);
        }
        return holds();
    }

    NatsServers servers_;
    TcpGate gate_;
    SystemClock clock_;
    boost::asio::io_context context_{1};
    TaskGroup tasks_{context_.get_executor()};
    std::unique_ptr<jetstream::JetStreamEventLog> near_;
    std::unique_ptr<jetstream::JetStreamEventLog> far_;
    std::unique_ptr<RulebookFollower> rules_;
    Monotonic holds_until_{};
    std::optional<Result<Appended>> outcome_;
    std::uint64_t edits_{0};
};

} // namespace

TEST_CASE("an append that a cut has held back is not sent by rules that were edited meanwhile",
          "[policy][failure]")
{
    if (has_no_server()) {
        return;
    }
    World world;
    REQUIRE(world.applies(Position{}));

    world.shut();
    world.begin_append(1);
    const Position edited = world.edit();
    REQUIRE(world.waits_past_its_permit());
    world.open_gate();
    const auto refused = world.outcome();

    REQUIRE(!refused);
    // Unknown where it was handed to a connection that did not know yet that it was cut.
    CHECK((refused.error().code == Errc::unavailable ||
           refused.error().code == Errc::outcome_unknown));
    CHECK(world.version() == Version{});
    REQUIRE(world.applies(edited));
    world.begin_append(1); // judged anew
    CHECK(world.outcome().has_value());
    CHECK(world.version() == Version{1});
}

TEST_CASE("an append that a cut has held back is sent when the rules are still the same",
          "[policy][failure]")
{
    if (has_no_server()) {
        return;
    }
    World world;
    REQUIRE(world.applies(world.edit()));

    world.shut();
    world.begin_append(1);
    REQUIRE(world.waits_past_its_permit());
    world.open_gate();

    CHECK(world.outcome().has_value());
    CHECK(world.version() == Version{1});
}

} // namespace permit_test
