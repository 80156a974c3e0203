// Two nodes that write the same streams: each has its own memory of the heads, and only the server
// decides. One chain per stream, no fork that any reader ever sees, no write skew, no livelock.

#include "core/event/stream_chain.hpp"
#include "integration/support/jetstream_under_test.hpp"
#include "tests/ports/log_driver.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/co_spawn.hpp>

#include <iostream>
#include <set>

namespace jetstream_rivals_test {

using namespace sealstream;
using namespace sealstream::testing;

namespace {

constexpr std::size_t writers = 64;
constexpr std::size_t appends_each = 8;
constexpr std::size_t events_in_all = writers * appends_each;
const StreamName hot{"deal", "hot"};

// The logs of two nodes, and of one that only reads, on one ledger.
class Rivals {
public:
    Rivals(const NatsServers& servers, int replicas)
    {
        jetstream::EventLogOptions options;
        options.ledger = fresh_ledger();
        options.replicas = replicas;
        options.chain.is_required_everywhere = true;
        jetstream::ConnectionOptions connection;
        connection.url = servers.url();
        for (auto& log : logs_) {
            log = open_patiently(context_, [&] {
                return jetstream::JetStreamEventLog::open(connection, options, {}, clock_,
                                                          context_.get_executor());
            });
        }
    }
    ~Rivals()
    {
        for (auto& log : logs_) {
            log->close();
            log.reset();
        }
        context_.restart();
        context_.run_for(std::chrono::milliseconds{50});
    }
    Rivals(const Rivals&) = delete;
    Rivals& operator=(const Rivals&) = delete;

    jetstream::JetStreamEventLog& node(std::size_t number) { return *logs_.at(number % 2); }
    jetstream::JetStreamEventLog& reader() { return *logs_.at(2); }
    boost::asio::io_context& context() { return context_; }

private:
    SystemClock clock_;
    boost::asio::io_context context_{1};
    std::array<std::unique_ptr<jetstream::JetStreamEventLog>, 3> logs_;
};

Task<Result<Appended>> write_often(EventLog& log)
{
    Appended all;
    for (std::size_t count = 0; count < appends_each; ++count) {
        std::vector<StreamAppend> batch{{hot, any, fresh_drafts(1)}};
        auto appended = co_await log.append(std::move(batch));
        if (!appended) {
            co_return appended.error();
        }
        all.events.push_back(appended->events.front());
    }
    co_return all;
}

// What is wrong with events that follow each other in one chained stream; "" when nothing is.
struct ChainCheck {
    StreamHead head;

    std::string take(const std::vector<StoredRecord>& records)
    {
        for (const StoredRecord& record : records) {
            const auto event = decode_record(record.record);
            if (!event || event->version != head.version.next() ||
                !check_chain(*event, head.hash)) {
                return "position " + std::to_string(record.position.value) +
                       " does not continue version " + std::to_string(head.version.value);
            }
            head = {event->version, record.position, *event->hash};
        }
        return {};
    }
};

// Reads while it is written, by the feed and from the stream; any fork would show.
Task<Result<Appended>> read_meanwhile(EventLog& log, std::string& fault)
{
    const auto feed = log.subscribe_from(Position{});
    ChainCheck followed;
    ChainCheck paged;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (fault.empty() &&
           std::min(followed.head.version, paged.head.version).value < events_in_all) {
        if (std::chrono::steady_clock::now() > deadline) {
            fault = "not all events were seen in time";
            break;
        }
        const auto batch = co_await feed->next(100, std::chrono::milliseconds{20});
        fault += batch ? followed.take(batch->records) : describe(batch.error());
        const ReadLimits limits{100, 1 << 20};
        const auto page = co_await log.read_stream(hot, paged.head.version, limits);
        fault += page ? paged.take(*page) : describe(page.error());
    }
    feed->close();
    co_return Appended{};
}

void check_one_chain(const NatsServers& servers, int replicas)
{
    Rivals rivals{servers, replicas};
    std::string fault;
    std::vector<Task<Result<Appended>>> tasks;
    for (std::size_t number = 0; number < writers; ++number) {
        tasks.push_back(write_often(rivals.node(number)));
    }
    tasks.push_back(read_meanwhile(rivals.reader(), fault));
    const auto began = std::chrono::steady_clock::now();

    const auto answers = run_tasks(rivals.context(), std::move(tasks));

    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::set<std::uint64_t> versions;
    for (const auto& answer : answers) {
        INFO((answer ? "" : describe(answer.error())));
        REQUIRE(answer.has_value());
        for (const Placed& placed : answer->events) {
            versions.insert(placed.version.value);
        }
    }
    CHECK(fault.empty());
    CHECK(versions.size() == events_in_all);
    CHECK(*versions.rbegin() == events_in_all);
    std::uint64_t sent = 0;
    for (const std::size_t number : {0U, 1U}) {
        sent += rivals.node(number).status().flights;
    }
    std::cout << replicas << " replicas: " << events_in_all << " appends to one stream by "
              << writers << " writers on two nodes took " << took.count() << " s, "
              << static_cast<double>(events_in_all) / took.count() << "/s, in " << sent
              << " publishes" << std::endl;
    CHECK(sent < events_in_all); // they share batches, and do not fight for each version
}

// Each writes an own stream if the neighbour's is still empty; neighbours are on different nodes.
void check_no_write_skew(const NatsServers& servers, int replicas)
{
    constexpr std::size_t ring = 6;
    constexpr std::size_t rounds = 15;
    Rivals rivals{servers, replicas};
    std::size_t landed = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
        const auto name = [round](std::size_t at) {
            return StreamName{"doctor", std::to_string(round) + "-" + std::to_string(at % ring)};
        };
        std::vector<Task<Result<Appended>>> tasks;
        for (std::size_t at = 0; at < ring; ++at) {
            AppendRequest request{{{name(at), absent, fresh_drafts(1 + at % 2)}},
                                  {{name(at + 1), absent}}};
            tasks.push_back(rivals.node(at).append(std::move(request)));
        }

        const auto answers = run_tasks(rivals.context(), std::move(tasks));

        for (std::size_t at = 0; at < ring; ++at) {
            const auto& mine = answers[at];
            const auto& next = answers[(at + 1) % ring];
            INFO("round " << round << ", at " << at << ": "
                          << (mine ? "landed" : describe(mine.error())));
            CHECK((mine || mine.error().code == Errc::conflict));
            landed += mine ? 1U : 0U;
            const bool is_skew =
                mine && next && next->events.front().position < mine->events.front().position;
            CHECK(!is_skew);
        }
    }
    CHECK(landed >= rounds);
    CHECK(landed < rounds * ring);
    std::cout << replicas << " replicas: " << landed << " of " << rounds * ring
              << " conditional appends landed" << std::endl;
}

// Appends by itself for as long as the others do.
Task<Result<Appended>> write_alone(EventLog& log, const std::size_t& others)
{
    Appended all;
    while (others != 0) {
        std::vector<StreamAppend> one{{hot, any, fresh_drafts(1)}};
        auto appended = co_await log.append(std::move(one));
        if (!appended) {
            co_return appended.error();
        }
        all.events.push_back(appended->events.front());
    }
    co_return all;
}

Task<Result<Appended>> write_and_say(EventLog& log, std::size_t& left)
{
    auto written = co_await write_often(log);
    --left;
    co_return written;
}

} // namespace

TEST_CASE("batches of a node get through beside another node's lone writer", "[jetstream][rivals]")
{
    if (is_skipped()) {
        return;
    }
    const NatsServers servers;
    Rivals rivals{servers, 1};
    std::size_t left = 32; // that wait for each other, and so share batches
    std::vector<Task<Result<Appended>>> tasks;
    for (std::size_t number = 0; number < left; ++number) {
        tasks.push_back(write_and_say(rivals.node(0), left));
    }
    tasks.push_back(write_alone(rivals.node(1), left));
    const auto began = std::chrono::steady_clock::now();

    const auto answers = run_tasks(rivals.context(), std::move(tasks));

    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    for (const auto& answer : answers) {
        INFO((answer ? "" : describe(answer.error())));
        CHECK(answer.has_value());
    }
    REQUIRE(answers.back());
    std::cout << "beside " << 32 * appends_each << " appends of many, one made "
              << answers.back()->events.size() << " in " << took.count() << " s" << std::endl;
}

TEST_CASE("64 writers on two nodes make one chain of one stream", "[jetstream][rivals]")
{
    if (is_skipped()) {
        return;
    }
    const NatsServers servers;
    check_one_chain(servers, 1);
}

TEST_CASE("64 writers on two nodes make one chain on three servers", "[jetstream][rivals]")
{
    if (is_skipped()) {
        return;
    }
    const NatsServers servers{NatsOptions{3, false, "4GB"}};
    check_one_chain(servers, 3);
    check_no_write_skew(servers, 3);
}

TEST_CASE("two nodes never let a write skew land", "[jetstream][rivals]")
{
    if (is_skipped()) {
        return;
    }
    const NatsServers servers;
    check_no_write_skew(servers, 1);
}

TEST_CASE("whoever starts while a log is made on three servers finds it", "[jetstream][rivals]")
{
    if (is_skipped()) {
        return;
    }
    const NatsServers servers{NatsOptions{3, false, "4GB"}};
    const Rivals waits_until_the_cluster_answers{servers, 3};
    const SystemClock clock;
    boost::asio::io_context context{1};
    for (int round = 0; round < 10; ++round) {
        jetstream::EventLogOptions options;
        options.ledger = fresh_ledger();
        options.replicas = 3;
        jetstream::ConnectionOptions connection;
        connection.url = servers.url();
        std::vector<Task<Result<std::unique_ptr<jetstream::JetStreamEventLog>>>> starting;
        for (int number = 0; number < 6; ++number) {
            starting.push_back(jetstream::JetStreamEventLog::open(connection, options, {}, clock,
                                                                  context.get_executor()));
        }

        const auto logs = run_tasks(context, std::move(starting));

        for (const auto& log : logs) {
            INFO((log ? "" : describe(log.error())));
            CHECK(log.has_value());
            if (log) {
                (*log)->close();
            }
        }
    }
    context.restart();
    context.run_for(std::chrono::milliseconds{50});
}

} // namespace jetstream_rivals_test
