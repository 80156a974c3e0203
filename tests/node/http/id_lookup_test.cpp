// Property: whatever happens between look-up and log, no id is in the log twice.

#include "node/http/id_lookup.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_event_log.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <map>

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds window = 1'000ms;

// Ids up to where it stands; fails when told to.
class LaggingIndex final : public IdempotencyIndex {
public:
    LaggingIndex(EventLog& log, boost::asio::any_io_executor executor)
        : log_{log},
          executor_{std::move(executor)}
    {
    }

    Task<Result<Answer>> find(std::vector<EventId> ids) override
    {
        co_await boost::asio::post(executor_, boost::asio::use_awaitable); // as a database would
        if (is_away) {
            co_return Error{Errc::unavailable, "away"};
        }
        ++asked;
        const Position start{};
        const ReadLimits limits{std::max<std::size_t>(1, stands_at.value), 1 << 30};
        SEAL_CO_TRY(records, co_await log_.read_from(start, limits));
        Answer answer;
        for (const StoredRecord& record : records) {
            if (record.position > stands_at) {
                break;
            }
            const EventId id = decode_record(record.record)->draft.id;
            answer.reached = record.position;
            answer.newest_ingested = record.ingested;
            if (std::find(ids.begin(), ids.end(), id) != ids.end()) {
                answer.found.push_back({id, record.position});
            }
        }
        co_return answer;
    }

    Position stands_at;
    bool is_away{false};
    std::size_t asked{0};

private:
    EventLog& log_;
    boost::asio::any_io_executor executor_;
};

struct LookupWorld {
    explicit LookupWorld(http::IdLookupOptions options)
        : one{log, &index, clock, tasks, context.get_executor(), options},
          other{log, &index, clock, tasks, context.get_executor(), options}
    {
        logs_clock.advance(-7h); // ours and the log's clock do not agree
    }

    void let_pass(std::chrono::nanoseconds time)
    {
        clock.advance(time);
        logs_clock.advance(time);
    }

    [[nodiscard]] Result<http::IdLookup::Outcome> look_up(http::IdLookup& node, EventId id)
    {
        return run_task(context, node.look_up({id}));
    }

    [[nodiscard]] bool append(EventId id)
    {
        Draft draft = sample_draft(1);
        draft.id = id;
        std::vector<StreamAppend> batch{StreamAppend{{"deal", "1"}, {}, {draft}}};
        const auto appended = run_task(context, log.append(std::move(batch)));
        return appended.has_value() && !appended->is_repeat;
    }

    [[nodiscard]] Position head() { return *run_task(context, log.head()); }

    boost::asio::io_context context{1};
    ManualClock clock;
    ManualClock logs_clock;
    MemoryEventLog log{context.get_executor(), logs_clock, MemoryLogOptions{{}, {}, window}};
    TaskGroup tasks{context.get_executor()};
    LaggingIndex index{log, context.get_executor()};
    http::IdLookup one;
    http::IdLookup other;
};

EventId numbered_id(std::uint64_t number)
{
    EventId id;
    id.bytes[0] = std::byte{0x5a};
    id.bytes[15] = static_cast<std::byte>(number);
    return id;
}

// An id that a node has looked up and is about to send.
struct Sending {
    EventId id;
    Monotonic until;
};

} // namespace

TEST_CASE("no id is ever in the log twice, whatever lags, fails or dawdles",
          "[idempotency][property]")
{
    auto random = random_generator(71);
    const auto below = [&random](std::uint64_t limit) { return random() % limit; };
    std::size_t doubled = 0;
    std::size_t appended = 0;
    std::size_t refused = 0;
    std::size_t found = 0;
    for (int round = 0; round < 60; ++round) {
        http::IdLookupOptions options;
        options.tail_events_max = below(3) * 5;
        options.tail_step_events = 1 + below(5);
        options.clock_age_max = std::chrono::milliseconds{below(3) * 100};
        LookupWorld world{options};
        std::vector<Sending> sending;
        std::map<EventId, int> places;
        for (int step = 0; step < 150; ++step) {
            world.let_pass(std::chrono::milliseconds{below(4) == 0 ? below(600) : below(20)});
            world.index.is_away = below(10) == 0;
            if (below(3) == 0) {
                const auto head = world.head().value;
                world.index.stands_at.value += below(head - world.index.stands_at.value + 1);
            }
            if (below(8) == 0) {
                world.log.fail_next_read(Errc::unavailable);
            }
            const EventId id = numbered_id(below(40));
            const auto looked = world.look_up(below(2) == 0 ? world.one : world.other, id);
            if (!looked) {
                ++refused;
            } else if (looked->places.contains(id)) {
                ++found;
            } else {
                sending.push_back({id, looked->send_until});
            }
            // Some are sent now, some later, some after others of the same id.
            while (!sending.empty() && below(2) == 0) {
                const auto at = static_cast<std::ptrdiff_t>(below(sending.size()));
                const Sending next = sending[static_cast<std::size_t>(at)];
                sending.erase(sending.begin() + at);
                if (world.clock.monotonic() >= next.until) {
                    continue;
                }
                world.let_pass(std::chrono::milliseconds{below(251)}); // in the sockets
                if (world.append(next.id)) {
                    ++appended;
                    doubled += ++places[next.id] > 1 ? 1U : 0U;
                }
            }
        }
    }
    CAPTURE(seed(), appended, refused, found);
    CHECK(doubled == 0);
    CHECK(appended > 500);
    CHECK(refused > 100);
    CHECK(found > 1'000);
}

TEST_CASE("an index at the head never refuses, however long nothing happened", "[idempotency]")
{
    LookupWorld world{http::IdLookupOptions{}};
    REQUIRE(world.append(numbered_id(1)));
    world.index.stands_at = Position{1};
    world.let_pass(24h * 365);

    const auto known = world.look_up(world.one, numbered_id(1));
    const auto absent = world.look_up(world.one, numbered_id(2));

    REQUIRE(known.has_value());
    CHECK(known->places.at(numbered_id(1)) == Position{1});
    REQUIRE(absent.has_value());
    CHECK(absent->places.empty());
    CHECK(absent->send_until == world.clock.monotonic() + 750ms);
}

TEST_CASE("what lies above the index is read in steps, and refused meanwhile", "[idempotency]")
{
    http::IdLookupOptions options;
    options.tail_events_max = 10;
    options.tail_step_events = 4;
    LookupWorld world{options};
    for (std::uint64_t number = 1; number <= 10; ++number) {
        REQUIRE(world.append(numbered_id(number)));
    }
    world.let_pass(1h);

    const auto first = world.look_up(world.one, numbered_id(10));
    const auto second = world.look_up(world.one, numbered_id(10));
    const auto third = world.look_up(world.one, numbered_id(10));
    REQUIRE(world.append(numbered_id(11)));
    const auto too_many = world.look_up(world.one, numbered_id(10));

    CHECK(first.error().code == Errc::projection_behind);
    CHECK(second.error().code == Errc::projection_behind);
    REQUIRE(third.has_value());
    CHECK(third->places.at(numbered_id(10)) == Position{10});
    CHECK(too_many.error().code == Errc::projection_behind);
    CHECK(world.one.lag().reached == Position{});
    CHECK(world.one.lag().head == Position{11});
    CHECK(world.one.lag().age == 1h);
}

TEST_CASE("look-ups that come together share statements", "[idempotency]")
{
    LookupWorld world{http::IdLookupOptions{}};
    REQUIRE(world.append(numbered_id(0)));
    world.index.stands_at = Position{1};
    std::vector<Task<Result<http::IdLookup::Outcome>>> tasks;
    for (std::uint64_t number = 0; number < 100; ++number) {
        tasks.push_back(world.one.look_up({numbered_id(number)}));
    }

    const auto outcomes = run_tasks(world.context, std::move(tasks));

    std::size_t found = 0;
    for (const auto& outcome : outcomes) {
        REQUIRE(outcome.has_value());
        found += outcome->places.size();
    }
    CHECK(found == 1);
    CHECK(world.index.asked <= 3);
}

TEST_CASE("what is about to be refused shares statements, too, and misses nothing", "[idempotency]")
{
    LookupWorld world{{}};
    REQUIRE(world.append(numbered_id(1)));
    world.index.stands_at = world.head();
    REQUIRE(world.append(numbered_id(2))); // above the index
    world.let_pass(2 * window);

    std::vector<Task<Result<http::IdLookup::Places>>> searches;
    for (std::uint64_t number = 0; number < 200; ++number) {
        searches.push_back(world.one.find_all({numbered_id(1 + number % 3)}));
    }
    const auto found = run_tasks(world.context, std::move(searches));

    for (std::uint64_t number = 0; number < 200; ++number) {
        REQUIRE(found[number]);
        CHECK(found[number]->size() == (number % 3 == 2 ? 0 : 1)); // the third was never appended
    }
    CHECK(world.index.asked < 10);
}

TEST_CASE("too many waiting ids are refused as overload", "[idempotency]")
{
    http::IdLookupOptions options;
    options.waiting_ids_max = 1;
    LookupWorld world{options};

    const auto refused =
        run_task(world.context, world.one.look_up({numbered_id(1), numbered_id(2)}));

    CHECK(refused.error().code == Errc::overloaded);
}
