// A NATS server whose disk gets full while events come, on a real file system. It answers nothing
// more about that stream, until space is made and it is started again; in a cluster the others go
// on. What was acknowledged is there afterwards, and what was not can be repeated.

#include "integration/support/jetstream_under_test.hpp"
#include "jetstream/server_health.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <thread>

namespace jetstream_disk_test {

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t small_disk = 16 << 20;
constexpr std::uint64_t large_disk = 256 << 20;
constexpr std::size_t at_once = 8;

bool is_impossible()
{
    if (is_skipped()) {
        return true;
    }
    if (SmallDisk::is_possible()) {
        return false;
    }
    std::cout << "SKIPPED: a file system can be mounted by root only" << std::endl;
    return true;
}

AppendRequest large_event(std::uint64_t number)
{
    Draft draft = sample_draft(number);
    draft.data = "\"" + std::string(64 << 10, 'x') + "\"";
    return {{StreamAppend{{"deal", std::to_string(number % 100)}, {}, {draft}}}};
}

struct Attempt {
    std::uint64_t number;
    Result<Appended> outcome;
};

// Numbers `from` and those above it, at_once of them at once.
std::vector<Attempt> append_some(LogUnderTest& home, std::uint64_t from)
{
    std::vector<Task<Result<Appended>>> tasks;
    for (std::uint64_t number = from; number < from + at_once; ++number) {
        tasks.push_back(home.log().append(large_event(number)));
    }
    std::vector<Attempt> attempts;
    for (auto& outcome : run_tasks(home.context(), std::move(tasks))) {
        attempts.push_back({from + attempts.size(), std::move(outcome)});
    }
    return attempts;
}

void append_at_last(LogUnderTest& home, std::uint64_t number)
{
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    auto appended = run_task(home.context(), home.log().append(large_event(number)));
    while (!appended && std::chrono::steady_clock::now() < deadline) {
        INFO(describe(appended.error()));
        REQUIRE(info(appended.error().code).is_retryable);
        appended = run_task(home.context(), home.log().append(large_event(number)));
    }
    INFO("event " << number << (appended ? "" : ": " + describe(appended.error())));
    REQUIRE(appended);
}

// The numbers of the events that are there; each once.
std::set<std::uint64_t> read_numbers(LogUnderTest& home, std::uint64_t numbers)
{
    std::map<EventId, std::uint64_t> ids;
    for (std::uint64_t number = 1; number <= numbers; ++number) {
        ids.emplace(sample_draft(number).id, number);
    }
    std::set<std::uint64_t> found;
    for (Position after{};;) {
        const ReadLimits limits{100, 8 << 20};
        auto page = run_task(home.context(), home.log().read_from(after, limits));
        const auto deadline = std::chrono::steady_clock::now() + 30s;
        while (!page && info(page.error().code).is_retryable && // the connection broke meanwhile
               std::chrono::steady_clock::now() < deadline) {
            home.context().restart();
            home.context().run_for(50ms);
            page = run_task(home.context(), home.log().read_from(after, limits));
        }
        INFO("above " << after.value << (page ? "" : ": " + describe(page.error())));
        REQUIRE(page);
        if (page->empty()) {
            return found;
        }
        for (const StoredRecord& stored : *page) {
            const auto event = decode_record(stored.record);
            REQUIRE(event);
            CHECK(stored.position == after.next());
            CHECK(found.insert(ids.at(event->draft.id)).second);
            after = stored.position;
        }
    }
}

jetstream::ServerHealth health_of(LogUnderTest& home, const NatsServers& servers,
                                  std::size_t server = 0)
{
    const auto health =
        run_task(home.context(), jetstream::read_server_health(servers.monitor_url(server),
                                                               home.context().get_executor(), 5s));
    REQUIRE(health);
    return *health;
}

jetstream::EventLogOptions impatient(int replicas)
{
    jetstream::EventLogOptions options;
    options.ledger = "full";
    options.replicas = replicas;
    options.acknowledge_timeout = 1s;
    options.append_timeout = replicas == 1 ? 3s : 20s; // long enough for an election
    return options;
}

} // namespace

TEST_CASE("a full disk loses nothing that was acknowledged, and is named", "[disk]")
{
    if (is_impossible()) {
        return;
    }
    const bool has_space_first = GENERATE(true, false);
    const bool is_synced = GENERATE(true, false);
    CAPTURE(has_space_first, is_synced);
    NatsServers servers{NatsOptions{1, is_synced, "4GB", {}, false, small_disk}};
    JetStreamUnderTest home{servers, impatient(1)};

    std::set<std::uint64_t> acknowledged;
    std::vector<std::uint64_t> unanswered;
    std::uint64_t next = 1;
    for (; unanswered.empty() && next < 2'000; next += at_once) {
        for (const Attempt& attempt : append_some(home, next)) {
            if (attempt.outcome) {
                acknowledged.insert(attempt.number);
                continue;
            }
            const Error& error = attempt.outcome.error();
            INFO(describe(error));
            CHECK(info(error.code).is_retryable);
            CHECK(error.context.find("disk") != std::string::npos);
            unanswered.push_back(attempt.number);
        }
    }
    REQUIRE_FALSE(unanswered.empty());
    CHECK(acknowledged.size() > 100);
    const auto seen = read_numbers(home, next); // it still reads
    CHECK(std::includes(seen.begin(), seen.end(), acknowledged.begin(), acknowledged.end()));

    CHECK(health_of(home, servers).trouble.find("no space left") != std::string::npos);

    if (has_space_first) {
        servers.resize_disk(0, large_disk);
        servers.stop();
        servers.start();
    } else {
        servers.kill();
        servers.start(); // as somebody does who watches its health
        servers.resize_disk(0, large_disk);
        servers.stop();
        servers.start();
    }
    const auto kept = read_numbers(home, next);
    CHECK(std::includes(kept.begin(), kept.end(), seen.begin(), seen.end()));
    for (const std::uint64_t number : unanswered) {
        append_at_last(home, number);
        acknowledged.insert(number);
    }
    append_at_last(home, next);
    acknowledged.insert(next);
    CHECK(read_numbers(home, next) == acknowledged);
    CHECK(health_of(home, servers).is_well);
}

TEST_CASE("a cluster goes on when the disk of its leader is full", "[disk][cluster]")
{
    if (is_impossible()) {
        return;
    }
    NatsServers servers{NatsOptions{3, false, "4GB", {}, false, large_disk}};
    JetStreamUnderTest home{servers, impatient(3)};
    const std::size_t full = servers.wait_for_leader_of("EV_full");
    servers.resize_disk(full, small_disk);

    std::set<std::uint64_t> acknowledged;
    std::uint64_t next = 1;
    const std::uint64_t events = 3 * small_disk / (64 << 10);
    for (; acknowledged.size() < events && next < 3 * events; next += at_once) {
        for (const Attempt& attempt : append_some(home, next)) {
            if (!attempt.outcome) {
                INFO(describe(attempt.outcome.error()));
                REQUIRE(info(attempt.outcome.error().code).is_retryable);
                append_at_last(home, attempt.number);
            }
            acknowledged.insert(attempt.number);
        }
    }
    CHECK(std::filesystem::space(servers.data_folder(full)).available < (1 << 20));
    CHECK(servers.wait_for_leader_of("EV_full") != full);
    CHECK(read_numbers(home, next) == acknowledged);

    servers.resize_disk(full, large_disk);
    servers.stop(full);
    servers.start(full);
    // It has caught up when it says so; before that the cluster can not spare another.
    const auto deadline = std::chrono::steady_clock::now() + 90s;
    while (!health_of(home, servers, full).is_well && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(100ms);
    }
    INFO(health_of(home, servers, full).trouble);
    CHECK(health_of(home, servers, full).is_well);
    servers.kill((full + 1) % 3); // what is acknowledged now is on the disk that was full
    append_at_last(home, next);
    acknowledged.insert(next);
    CHECK(read_numbers(home, next) == acknowledged);
}

} // namespace jetstream_disk_test
