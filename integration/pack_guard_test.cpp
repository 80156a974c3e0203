// Guards: what may happen is decided on tables that lag, and yet nothing illegal ever lands.

#include "integration/support/pack_world.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_rejection_log.hpp"
#include "tests/support/seed.hpp"

#include <random>
#include <thread>

namespace pack_guard_test {

using namespace sealstream;
using namespace sealstream::testing;

namespace {

std::string event(const std::string& type)
{
    return R"({"type":")" + type + R"("})";
}

Got append(PackWorld& world, const std::string& id, const std::string& type)
{
    return world.http.post("/v1/streams/deal/" + id + "/events", event(type));
}

// The specification: what each stream of the log goes through, one event after the other.
struct Deal {
    enum class State : std::uint8_t { unknown, review, approved, closed };
    State state{State::unknown};
    int approvals{0};

    // False: this may not happen now.
    bool take(const std::string& type)
    {
        if (type == "DealOpened") {
            const bool is_new = state == State::unknown;
            state = State::review;
            return is_new;
        }
        if (type == "ApprovalGranted") {
            state = state == State::unknown ? State::review : state;
            ++approvals;
            return true;
        }
        const auto before = type == "DealApproved" ? State::review : State::approved;
        const bool is_legal = state == before && (type == "DealClosed" || approvals >= 2);
        state = type == "DealApproved" ? State::approved : State::closed;
        return is_legal;
    }
};

// Events that are in the log and may not be there.
std::vector<std::string> illegal_events(PackWorld& world)
{
    const ReadLimits everything{100'000, 1 << 30};
    const auto records =
        run_task(world.http.context, world.http.log.read_from(Position{}, everything));
    std::map<std::string, Deal> deals;
    std::vector<std::string> illegal;
    for (const auto& record : *records) {
        const auto stored = decode_record(record.record);
        if (!deals[stored->stream.id].take(stored->draft.type)) {
            illegal.push_back(stored->draft.type + " at " + std::to_string(record.position.value));
        }
    }
    return illegal;
}

// What another client does between two looks of a guarded append.
Task<void> approve_and_fold(PackWorld& world)
{
    Sent sent;
    sent.verb = http::Verb::post;
    sent.target = "/v1/streams/deal/1/events";
    sent.fields = {{"content-type", "application/json"}};
    sent.body = event("DealApproved");
    const auto got = co_await world.http.answer(std::move(sent));
    SEAL_CHECK(got.status == 201, "nothing is against it yet");
    const auto head = co_await world.http.log.head();
    SEAL_CHECK(head.has_value(), "the log is in memory");
    const std::chrono::seconds patience{20};
    const auto reached = co_await world.watch.reach(*head, patience);
    SEAL_CHECK(reached && *reached >= *head, "the projector folds what is in the log");
}

} // namespace

TEST_CASE("a guarded event is refused with its reasons, whatever way it takes", "[packs][guard]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    REQUIRE(append(world, "1", "DealOpened").status == 201);

    const auto plain = append(world, "1", "DealApproved");
    const auto mixed =
        world.http.post("/v1/events?atomic=true", R"([{"stream":"deal/1","type":"DealApproved"}])");
    const auto each =
        world.http.post("/v1/events", R"([{"stream":"deal/1","type":"DealApproved"}])");
    const auto transaction =
        world.http.post("/v1/transactions",
                        R"({"appends":[{"stream":"deal/1","events":[{"type":"DealApproved"}]}]})");
    const auto cloud = world.http.send(
        {http::Verb::post,
         "/v1/streams/deal/1/events",
         {{"content-type", "application/cloudevents+json"}},
         R"({"specversion":"1.0","id":"a","source":"local","type":"DealApproved"})"});
    const auto lines =
        world.http.post_lines("/v1/streams/deal/1/events", event("DealApproved") + "\n");
    const auto command =
        world.http.send({http::Verb::put, "/packs/deals/deals/1/approval", {}, ""});

    for (const auto& got : {plain, mixed, transaction, cloud, command}) {
        CHECK(got.status == 409);
        CHECK(got.at("/code") == "refused");
        CHECK(got.at("/guard") == "deals.transitions");
        CHECK(got.at("/version") == "1");
        CHECK(got.at("/violations/0/code") == "illegal_transition");
        CHECK(got.at("/violations/0/message") == "The deal is review.");
    }
    CHECK(each.status == 207);
    CHECK(each.at("/results/0/status") == "409");
    CHECK(each.at("/results/0/violations/0/code") == "illegal_transition");
    CHECK(lines.body.find("\"status\":409") != std::string::npos);
    CHECK(illegal_events(world).empty());
}

TEST_CASE("a guarded event lands when its time has come, also right after the events before it",
          "[packs][guard]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    for (const auto* type : {"DealOpened", "ApprovalGranted", "ApprovalGranted"}) {
        REQUIRE(append(world, "1", type).status == 201);
    }

    const auto approved =
        world.http.send({http::Verb::put, "/packs/deals/deals/1/approval", {}, ""});
    CHECK(approved.status == 200);
    CHECK(approved.header("ETag") == "\"4\"");
    CHECK(append(world, "1", "DealClosed").status == 201);
    CHECK(append(world, "1", "DealClosed").status == 409);
    CHECK(world.http.send({http::Verb::put, "/packs/deals/deals/2/approval", {}, ""}).status ==
          409);
    CHECK(illegal_events(world).empty());
}

TEST_CASE("guards see one event at a time", "[packs][guard]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    const std::string two = "[" + event("ApprovalGranted") + "," + event("DealApproved") + "]";

    const auto atomic = world.http.post("/v1/streams/deal/1/events", two);
    CHECK(atomic.status == 409);
    CHECK(atomic.at("/violations/0/code") == "append_alone");
    std::string lines;
    for (const auto* type :
         {"DealOpened", "ApprovalGranted", "ApprovalGranted", "DealApproved", "DealClosed"}) {
        lines += event(type) + "\n";
    }
    const auto bulk = world.http.post_lines("/v1/streams/deal/2/events", lines);
    CHECK(bulk.body.find("\"appended\":\"5\"") != std::string::npos);
    CHECK(illegal_events(world).empty());
}

TEST_CASE("while the tables lag, a guarded append waits and then says so; nothing is appended",
          "[packs][guard]")
{
    if (has_no_postgres()) {
        return;
    }
    http::Limits limits;
    limits.guard_wait_max = std::chrono::milliseconds{300};
    PackWorld world{deal_pack(), "/packs/deals", limits};
    REQUIRE(append(world, "1", "DealOpened").status == 201);
    world.fold();
    world.stop_projector();
    REQUIRE(append(world, "1", "ApprovalGranted").status == 201);
    REQUIRE(append(world, "1", "ApprovalGranted").status == 201);

    const auto late = append(world, "1", "DealApproved");
    CHECK(late.status == 503);
    CHECK(late.at("/code") == "projection_behind");
    world.start_projector();
    world.fold();
    CHECK(append(world, "1", "DealApproved").status == 201);
    CHECK(illegal_events(world).empty());
}

TEST_CASE("a repeat of a guarded event is answered as the first time", "[packs][guard]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    const std::vector<std::pair<std::string, std::string>> key{{"idempotency-key", "k"}};

    const auto first = world.http.post("/v1/streams/deal/1/events", event("DealOpened"), key);
    const auto again = world.http.post("/v1/streams/deal/1/events", event("DealOpened"), key);
    CHECK(first.status == 201);
    CHECK(again.status == 201);
    CHECK(again.header("Idempotency-Replayed") == "true");
}

TEST_CASE("a repeat that no index knows yet is not refused by the guard that let it through",
          "[packs][guard]")
{
    if (has_no_postgres()) {
        return;
    }
    // As on NATS: the log remembers ids for a while only, and the index of ids lags.
    PackWorld world{
        deal_pack(), "/packs/deals", {}, MemoryLogOptions{{}, {}, std::chrono::minutes{10}}};
    world.http.index.stands_at = Position{};
    MemoryRejectionLog rejections;
    world.http.services.rejections = &rejections;
    const std::string target = "/v1/streams/deal/1/events";
    const std::vector<std::pair<std::string, std::string>> key{{"idempotency-key", "k"}};
    const auto first = world.http.post(target, event("DealOpened"), key);
    REQUIRE(first.status == 201);

    const auto again = world.http.post(target, event("DealOpened"), key);

    CHECK(again.status == 201);
    CHECK(again.body == first.body);
    CHECK(again.header("Idempotency-Replayed") == "true");
    CHECK(rejections.events.empty());
    const auto other = world.http.post(target, R"({"type":"DealOpened","data":1})", key);
    CHECK(other.status == 422);
    CHECK(world.http.post(target, event("DealOpened"), {{"idempotency-key", "l"}}).status == 409);
}

TEST_CASE("a client's own condition stands beside the guard's", "[packs][guard]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    const std::string target = "/v1/streams/deal/1/events";
    CHECK(world.http.post(target, event("DealOpened"), {{"if-match", "\"3\""}}).status == 412);
    CHECK(world.http.post(target, event("DealOpened"), {{"if-none-match", "*"}}).status == 201);
    CHECK(world.http.post(target, event("ApprovalGranted")).status == 201);
    CHECK(world.http.post(target, event("ApprovalGranted")).status == 201);
    CHECK(world.http.post(target, event("DealApproved"), {{"if-match", "\"2\""}}).status == 412);
    CHECK(world.http.post(target, event("DealApproved"), {{"if-match", "\"3\""}}).status == 201);
}

TEST_CASE("two guards that have seen different versions allow what the older one was asked about",
          "[packs][guard]")
{
    if (has_no_postgres()) {
        return;
    }
    Pack pack = deal_pack();
    PackGuard second;
    second.name = "last_look"; // has nothing against anything
    second.event_types = {"DealApproved"};
    second.sql = {"SELECT coalesce(max(version), 0) AS version, NULL::jsonb AS violation"
                  " FROM deals WHERE id = $1::text",
                  {"stream_id"}};
    pack.guards.push_back(std::move(second));
    PackWorld world{std::move(pack)};
    world.http.services.stream_turns = nullptr; // as if the other client had a node of its own
    for (const auto* type : {"DealOpened", "ApprovalGranted", "ApprovalGranted"}) {
        REQUIRE(append(world, "1", type).status == 201);
    }
    world.fold();
    world.slow.after_read = [&world] { return approve_and_fold(world); };

    const auto late = append(world, "1", "DealApproved");

    CHECK(late.status == 409);
    CHECK(late.at("/version") == "4");
    CHECK(illegal_events(world).empty());
}

TEST_CASE("under contention on lagging tables no illegal transition ever lands",
          "[packs][guard][contention]")
{
    if (has_no_postgres()) {
        return;
    }
    CAPTURE(seed());
    auto random = random_generator(__LINE__);
    PackWorld world;
    world.http.services.stream_turns = nullptr; // as if each client had a node of its own
    world.slow.delay = std::chrono::milliseconds{3};
    const std::vector<std::string> types{"DealOpened", "ApprovalGranted", "DealApproved",
                                         "DealClosed"};

    std::map<int, int> statuses;
    for (int round = 0; round < 25; ++round) {
        std::vector<Task<Got>> clients;
        for (int client = 0; client < 8; ++client) {
            Sent sent;
            sent.verb = http::Verb::post;
            sent.target = "/v1/streams/deal/" +
                          std::to_string(random() % 3 + static_cast<std::uint64_t>(round / 5) * 3) +
                          "/events";
            sent.fields = {{"content-type", "application/json"}};
            sent.body = event(types[random() % types.size()]);
            clients.push_back(world.http.answer(std::move(sent)));
        }
        for (const Got& got : run_tasks(world.http.context, std::move(clients))) {
            ++statuses[got.status];
        }
    }

    const auto illegal = illegal_events(world);
    CAPTURE(illegal);
    CHECK(illegal.empty());
    CHECK(statuses[201] > 0);
    CHECK(statuses[409] > 0);
    CHECK(statuses[201] + statuses[409] + statuses[503] == 200);
}

namespace {

// As before a projector has made them, and after.
void set_state(PackWorld& world, const std::string& state)
{
    INFO(world.value("UPDATE sealstream.projections SET state = '" + state +
                     "' WHERE name = 'deals' RETURNING state"));
    REQUIRE(world.value("SELECT state FROM sealstream.projections WHERE name = 'deals'") == state);
}

} // namespace

TEST_CASE("a guarded append says what it waits for when the tables are not made", "[packs][guard]")
{
    if (has_no_postgres()) {
        return;
    }
    http::Limits limits;
    limits.guard_wait_max = std::chrono::milliseconds{150};
    PackWorld world{deal_pack(), "/packs/deals", limits};
    world.stop_projector();
    set_state(world, "retired");

    const auto missing = append(world, "1", "DealApproved");

    CHECK(missing.status == 503);
    CHECK(missing.at("/code") == "projection_missing");
    CHECK(missing.at("/detail").find("is a projector running") != std::string::npos);
    CHECK_FALSE(missing.header("Retry-After").empty());
    CHECK(append(world, "1", "ApprovalGranted").status == 201); // no guard stands before it
}

TEST_CASE("a guarded append waits for tables that are being made", "[packs][guard]")
{
    if (has_no_postgres()) {
        return;
    }
    http::Limits limits;
    limits.guard_wait_max = std::chrono::seconds{60};
    PackWorld world{deal_pack(), "/packs/deals", limits};
    world.stop_projector();
    set_state(world, "retired");
    std::thread maker{[&world] {
        std::this_thread::sleep_for(std::chrono::milliseconds{200});
        static_cast<void>(world.value("UPDATE sealstream.projections SET state = 'active'"
                                      " WHERE name = 'deals' RETURNING state"));
    }};

    const auto decided = append(world, "1", "DealApproved");

    maker.join();
    CHECK(decided.status == 409); // not 503: it was judged
}

} // namespace pack_guard_test
