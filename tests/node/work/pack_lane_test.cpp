// Whatever fails, and whoever else believes that it is his turn: each thing is told once.

#include "core/event/canonical_json.hpp"
#include "core/event/record_codecs.hpp"
#include "core/rules/system_streams.hpp"
#include "tests/node/work/lane_world.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

using Strike = MemoryEventLog::Strike;

constexpr int rounds = 10;

Pack watch_pack()
{
    Pack pack;
    pack.name = "bank";
    PackInvariant invariant;
    invariant.name = "no_debt";
    invariant.summary = "No account is in debt.";
    invariant.severity = Severity::warn;
    invariant.every = std::chrono::seconds{1};
    pack.invariants.push_back(invariant);
    return pack;
}

Pack sweep_pack()
{
    Pack pack;
    pack.name = "bank";
    pack.stream_types.push_back({"account"});
    PackEventType swept;
    swept.name = "Swept";
    swept.streams = {"account"};
    pack.event_types.push_back(swept);
    PackProjection accounts;
    accounts.name = "bank";
    pack.projections.push_back(accounts);
    PackSchedule schedule;
    schedule.name = "sweep";
    schedule.every = std::chrono::seconds{1};
    pack.schedules.push_back(schedule);
    return pack;
}

PackRows rows_of(std::vector<std::string> rows, Position head)
{
    PackRows all;
    all.rows = std::move(rows);
    all.reached = head;
    return all;
}

std::vector<std::string> types_of(const std::vector<Event>& events)
{
    std::vector<std::string> types;
    for (const Event& event : events) {
        types.push_back(event.draft.type);
    }
    return types;
}

} // namespace

TEST_CASE("a breach and its end are told once, whichever answer of the log is lost", "[work]")
{
    for (const Errc code : {Errc::outcome_unknown, Errc::unavailable, Errc::overloaded}) {
        for (const Strike strike : {Strike::before_effect, Strike::after_effect}) {
            for (int failures = 0; failures <= 3; ++failures) {
                INFO(name(code) << " " << static_cast<int>(strike) << " " << failures);
                LaneWorld world{watch_pack()};
                world.append("account/1", "Moved");
                Stop stop{world.context.get_executor()};
                AskingStore store{world.clock, stop, "bank.no_debt", WorkKind::invariant,
                                  2 * rounds};
                int looks = 0;
                auto context = world.context_for(store, [&](Position head) -> Result<PackRows> {
                    const bool is_breached = ++looks <= rounds;
                    return rows_of(is_breached ? std::vector<std::string>{R"({"id":1})"}
                                               : std::vector<std::string>{},
                                   head);
                });
                PackLane lane{context, world.pack};
                for (int failure = 0; failure < failures; ++failure) {
                    world.log.fail_next_append(code, strike);
                }

                run_task(world.context, lane.run(stop));

                CHECK(types_of(world.events(std::string{invariant_stream_type})) ==
                      std::vector<std::string>{"invariant.breached", "invariant.held"});
            }
        }
    }
}

TEST_CASE("two who both believe that it is their turn tell nothing twice", "[work]")
{
    INFO("seed " << seed());
    auto random = random_generator(4);
    LaneWorld world{watch_pack()};
    world.append("account/1", "Moved");
    Stop stop{world.context.get_executor()};
    AskingStore one{world.clock, stop, "bank.no_debt", WorkKind::invariant, 150};
    AskingStore other{world.clock, stop, "bank.no_debt", WorkKind::invariant, 150};
    std::size_t looks = 0;
    bool is_breached = false;
    const auto rows = [&](Position head) -> Result<PackRows> {
        is_breached = (++looks / 7) % 2 == 1;
        if (random() % 5 == 0) {
            world.log.fail_next_append(Errc::outcome_unknown, random() % 2 == 0
                                                                  ? Strike::before_effect
                                                                  : Strike::after_effect);
        }
        return rows_of(is_breached ? std::vector<std::string>{R"({"id":1})"}
                                   : std::vector<std::string>{},
                       head);
    };
    auto first_context = world.context_for(one, rows);
    auto second_context = world.context_for(other, rows);
    PackLane first{first_context, world.pack};
    PackLane second{second_context, world.pack};
    TaskGroup lanes{world.context.get_executor()};
    lanes.spawn("first", first.run(stop));
    lanes.spawn("second", second.run(stop));

    const auto left = run_task(world.context, lanes.wait_idle(std::chrono::seconds{60}));

    REQUIRE(left == 0);
    const auto events = world.events(std::string{invariant_stream_type});
    CHECK(events.size() > 5);
    std::size_t out_of_turn = 0;
    for (std::size_t at = 0; at < events.size(); ++at) {
        const bool is_turn =
            events[at].draft.type == (at % 2 == 0 ? "invariant.breached" : "invariant.held");
        out_of_turn += is_turn ? 0U : 1U;
    }
    CHECK(out_of_turn == 0);
}

TEST_CASE("rows are appended once, whichever answer of the log is lost", "[work]")
{
    for (const Errc code : {Errc::outcome_unknown, Errc::unavailable}) {
        for (const Strike strike : {Strike::before_effect, Strike::after_effect}) {
            for (int failures = 0; failures <= 3; ++failures) {
                INFO(name(code) << " " << static_cast<int>(strike) << " " << failures);
                LaneWorld world{sweep_pack()};
                world.append("account/1", "Moved");
                Stop stop{world.context.get_executor()};
                AskingStore store{world.clock, stop, "bank.sweep", WorkKind::schedule, rounds};
                // Due until it is in the tables, and these show no more than they must.
                world.is_lagging = true;
                auto context = world.context_for(store, [&](Position head) -> Result<PackRows> {
                    const bool is_swept = head.value > 1;
                    return rows_of(
                        is_swept
                            ? std::vector<std::string>{}
                            : std::vector<
                                  std::string>{R"({"type":"Swept","stream_id":"1","data":{}})",
                                               R"({"type":"Swept","stream_id":"2","data":{}})"},
                        head);
                });
                PackLane lane{context, world.pack};
                for (int failure = 0; failure < failures; ++failure) {
                    world.log.fail_next_append(code, strike);
                }

                run_task(world.context, lane.run(stop));

                const auto events = world.events("account");
                CHECK(types_of(events) == std::vector<std::string>{"Moved", "Swept", "Swept"});
                CHECK(events.back().draft.source == "sealstream");
                CHECK(events.back().draft.actor == "pack:bank@1");
                CHECK(world.events(std::string{schedule_stream_type}).size() == 1);
            }
        }
    }
}

TEST_CASE("a row that may not be appended is refused alone", "[work]")
{
    LaneWorld world{sweep_pack()};
    Stop stop{world.context.get_executor()};
    AskingStore store{world.clock, stop, "bank.sweep", WorkKind::schedule, 3};
    auto context = world.context_for(store, [&](Position head) -> Result<PackRows> {
        return rows_of({R"({"type":"Nothing","stream_id":"1","data":{}})",
                        R"({"type":"Swept","stream_id":"1","data":{},"key":"a"})",
                        R"({"type":"Swept","stream_id":"2","data":{},"key":"a"})",
                        R"({"type":"Swept","stream_type":"other","stream_id":"1","data":{}})",
                        R"({"type":"Swept","data":{}})"},
                       head);
    });
    context.admission.guarded_types = {"Guarded"};
    PackLane lane{context, world.pack};

    run_task(world.context, lane.run(stop));

    REQUIRE(!store.runs.empty());
    CHECK_FALSE(store.runs.front().failure);
    CHECK(store.runs.front().appended == 1);
    CHECK(store.runs.front().refused == 4);
    const auto refused = parse_json(store.runs.front().rows);
    REQUIRE(refused);
    CHECK(refused->at(0).at("row") == "1");
    CHECK(refused->at(1).at("code") == "key_reuse");
    const auto events = world.events("account");
    REQUIRE(!events.empty());
    CHECK(events.front().draft.key == "bank.sweep/a");
}

TEST_CASE("too many rows append nothing, and say what to do", "[work]")
{
    LaneWorld world{sweep_pack()};
    Stop stop{world.context.get_executor()};
    AskingStore store{world.clock, stop, "bank.sweep", WorkKind::schedule, 2};
    auto context = world.context_for(store, [&](Position head) -> Result<PackRows> {
        auto rows = rows_of({R"({"type":"Swept","stream_id":"1","data":{}})"}, head);
        rows.has_more = true;
        return rows;
    });
    PackLane lane{context, world.pack};

    run_task(world.context, lane.run(stop));

    REQUIRE(!store.runs.empty());
    REQUIRE(store.runs.front().failure);
    CHECK(store.runs.front().failure->code == Errc::too_large);
    CHECK(store.runs.front().failure->context.find("LIMIT") != std::string::npos);
    CHECK(world.events("account").empty());
}

TEST_CASE("tables that are not even decide nothing", "[work]")
{
    LaneWorld world{watch_pack()};
    world.append("account/1", "Moved");
    Stop stop{world.context.get_executor()};
    AskingStore store{world.clock, stop, "bank.no_debt", WorkKind::invariant, 5};
    auto context = world.context_for(store, [&](Position head) -> Result<PackRows> {
        auto rows = rows_of({R"({"id":1})"}, head);
        rows.is_even = false;
        return rows;
    });
    PackLane lane{context, world.pack};

    run_task(world.context, lane.run(stop));

    REQUIRE(!store.runs.empty());
    REQUIRE(store.runs.front().failure);
    CHECK(store.runs.front().failure->code == Errc::projection_behind);
    CHECK(world.events(std::string{invariant_stream_type}).empty());
}

TEST_CASE("rows that are too large to be shown are a breach", "[work]")
{
    LaneWorld world{watch_pack()};
    world.append("account/1", "Moved");
    Stop stop{world.context.get_executor()};
    AskingStore store{world.clock, stop, "bank.no_debt", WorkKind::invariant, 5};
    auto context = world.context_for(store, [&](Position) -> Result<PackRows> {
        return Error{Errc::too_large, "the rows are more than 65536 bytes"};
    });
    PackLane lane{context, world.pack};

    run_task(world.context, lane.run(stop));

    CHECK(types_of(world.events(std::string{invariant_stream_type})) ==
          std::vector<std::string>{"invariant.breached"});
}
