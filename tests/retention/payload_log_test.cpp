// The log that forgets, over the log in memory and a store of keys that a test rules.

#include "core/event/codec.hpp"
#include "core/event/stream_chain.hpp"
#include "core/retention/key_period.hpp"
#include "core/retention/payload_log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_event_log.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/sample_events.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

constexpr std::string_view canary = "kanarienvogel";

class FakeKeys final : public PayloadKeys {
public:
    explicit FakeKeys(const Clock& clock) : clock_{clock} {}

    Task<Result<CurrentPayloadKey>> current(std::string retention_class, seconds length) override
    {
        ++asked_current;
        if (is_away) {
            co_return Error{Errc::unavailable, "no keys now"};
        }
        const KeyPeriod period = period_at(std::move(retention_class), clock_.wall(), length);
        const std::string name = key_name(period);
        auto [place, is_new] = secrets.try_emplace(name);
        if (is_new) {
            place->second.emplace();
            fill_random(*place->second);
        }
        co_return CurrentPayloadKey{
            {name, *place->second},
            std::chrono::nanoseconds{period.until.nanoseconds - clock_.wall().nanoseconds}};
    }

    Task<Result<std::vector<FoundPayloadKey>>> find(std::vector<std::string> names) override
    {
        ++asked_find;
        if (is_away) {
            co_return Error{Errc::unavailable, "no keys now"};
        }
        std::vector<FoundPayloadKey> found;
        for (const std::string& name : names) {
            if (const auto known = secrets.find(name); known != secrets.end()) {
                found.push_back({name, known->second});
            }
        }
        co_return found;
    }

    void destroy_all()
    {
        for (auto& [name, secret] : secrets) {
            secret.reset();
        }
    }

    std::map<std::string, std::optional<AesKey>> secrets;
    int asked_current{0};
    int asked_find{0};
    bool is_away{false};

private:
    const Clock& clock_;
};

RetentionRulesPtr rules_of(seconds keep)
{
    RetentionRules rules;
    rules.classes.emplace("ops.short", keep);
    rules.event_types.emplace("Forgettable", "ops.short");
    rules.stream_types.emplace("person", "ops.short");
    return std::make_shared<const RetentionRules>(std::move(rules));
}

struct World {
    explicit World(CodecKind codec = CodecKind::canonical_json)
    {
        MemoryLogOptions options;
        options.codec = codec;
        options.chain.is_required_everywhere = true;
        auto memory = std::make_unique<MemoryEventLog>(context.get_executor(), clock, options);
        stored = memory.get();
        log = std::make_unique<PayloadLog>(std::move(memory), keys, clock, rules_of(hours{24}),
                                           PayloadReaderOptions{});
    }

    static Draft draft(std::uint64_t number, std::string type = "Forgettable")
    {
        Draft made = sample_draft(number);
        made.type = std::move(type);
        made.data = R"({"secret":")" + std::string{canary} + R"("})";
        made.meta = R"({"target":")" + std::string{canary} + R"("})";
        return made;
    }

    Result<Appended> append(Draft one, std::string_view stream = "ops/main")
    {
        StreamAppend append{*StreamName::parse(stream), {}, {}};
        append.drafts.push_back(std::move(one));
        AppendRequest request;
        request.appends.push_back(std::move(append));
        return run_task(context, log->append(std::move(request)));
    }

    std::vector<StoredRecord> read(EventLog& from)
    {
        auto records = run_task(context, from.read_from(Position{0}, ReadLimits{}));
        INFO((records ? "" : describe(records.error())));
        REQUIRE(records.has_value());
        return *std::move(records);
    }

    bool has_canary(EventLog& from)
    {
        for (const StoredRecord& record : read(from)) {
            if (as_text(record.record).find(canary) != std::string_view::npos) {
                return true;
            }
        }
        return false;
    }

    boost::asio::io_context context;
    ManualClock clock;
    FakeKeys keys{clock};
    MemoryEventLog* stored{nullptr};
    std::unique_ptr<PayloadLog> log;
};

} // namespace

TEST_CASE("readers see the payload, the log below never does, and the chain is over what is stored",
          "[retention]")
{
    for (const auto codec : {CodecKind::canonical_json, CodecKind::deterministic_cbor}) {
        World world{codec};
        const Draft draft = World::draft(1);
        REQUIRE(world.append(draft).has_value());

        CHECK_FALSE(world.has_canary(*world.stored));
        const auto records = world.read(*world.log);
        REQUIRE(records.size() == 1);
        const auto event = decode_record(records.front().record);
        REQUIRE(event.has_value());
        CHECK(event->draft == draft);
        CHECK(records.front().payload_key == world.keys.secrets.begin()->first);
        CHECK_FALSE(records.front().is_expired);
        const auto kept = world.read(*world.stored);
        CHECK(check_chain(*decode_record(kept.front().record), chain_start).has_value());
    }
}

TEST_CASE("by event type or by stream type; others stay as they are", "[retention]")
{
    World world;
    REQUIRE(world.append(World::draft(1, "Other"), "person/7").has_value());
    CHECK_FALSE(world.has_canary(*world.stored));
    REQUIRE(world.append(World::draft(2, "Other"), "ops/main").has_value());
    CHECK(world.has_canary(*world.stored));
    CHECK(world.read(*world.log).back().payload_key.empty());
}

TEST_CASE("once its key is destroyed, or its time over, a payload is gone in reads and feeds",
          "[retention]")
{
    for (const bool is_by_time : {false, true}) {
        INFO("by time: " << is_by_time);
        World world;
        REQUIRE(world.append(World::draft(1)).has_value());
        REQUIRE(world.has_canary(*world.log)); // and the key is remembered now
        const auto before = world.read(*world.stored);
        if (is_by_time) {
            world.clock.advance(hours{25});
        } else {
            world.keys.destroy_all();
            world.clock.advance(seconds{61}); // longer than a key is believed
        }

        const auto records = world.read(*world.log);
        CHECK_FALSE(world.has_canary(*world.log));
        REQUIRE(records.size() == 1);
        CHECK(records.front().is_expired);
        CHECK_FALSE(records.front().payload_key.empty());
        const auto event = decode_record(records.front().record);
        REQUIRE(event.has_value());
        CHECK(event->draft.data == "null");
        CHECK(event->draft.meta.empty());
        CHECK(event->draft.actor == World::draft(1).actor);

        const auto feed = world.log->subscribe_from(Position{0});
        const auto batch = run_task(world.context, feed->next(10, std::chrono::milliseconds{100}));
        REQUIRE(batch.has_value());
        REQUIRE(batch->records.size() == 1);
        CHECK(batch->records.front().is_expired);
        CHECK(as_text(batch->records.front().record).find(canary) == std::string_view::npos);
        CHECK(world.read(*world.stored).front().record == before.front().record);
    }
}

TEST_CASE("a period has one key, asked for once, and the next has another", "[retention]")
{
    World world;
    REQUIRE(world.append(World::draft(1)).has_value());
    REQUIRE(world.append(World::draft(2)).has_value());
    CHECK(world.keys.asked_current == 1);
    world.clock.advance(hours{1});
    REQUIRE(world.append(World::draft(3)).has_value());
    CHECK(world.keys.asked_current == 2);
    CHECK(world.keys.secrets.size() == 2);
    world.read(*world.log);
    world.read(*world.log);
    CHECK(world.keys.asked_find == 1); // remembered
}

TEST_CASE("without keys nothing is stored in clear, and nothing read is lost", "[retention]")
{
    World world;
    REQUIRE(world.append(World::draft(1)).has_value());
    const auto feed = world.log->subscribe_from(Position{0});

    world.keys.is_away = true;
    world.clock.advance(hours{1}); // neither the key to encrypt nor the one to read is believed
    const auto appended = world.append(World::draft(2));
    REQUIRE_FALSE(appended.has_value());
    CHECK(appended.error().code == Errc::unavailable);
    CHECK(world.read(*world.stored).size() == 1);
    const auto read = run_task(world.context, world.log->read_from(Position{0}, ReadLimits{}));
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == Errc::unavailable);
    const auto none = run_task(world.context, feed->next(10, std::chrono::milliseconds{100}));
    REQUIRE_FALSE(none.has_value());

    world.keys.is_away = false;
    const auto batch = run_task(world.context, feed->next(10, std::chrono::milliseconds{100}));
    REQUIRE(batch.has_value());
    REQUIRE(batch->records.size() == 1);
    CHECK(batch->records.front().position == Position{1});
    REQUIRE(world.append(World::draft(2)).has_value());
}

TEST_CASE("more keys than are remembered can still be read", "[retention]")
{
    World world;
    for (std::uint64_t number = 1; number <= 3; ++number) {
        REQUIRE(world.append(World::draft(number)).has_value());
        world.clock.advance(hours{1});
    }
    PayloadReader reader{world.keys, world.clock, rules_of(hours{24}),
                         PayloadReaderOptions{.keys_cached_max = 1}};
    for (const std::size_t first : {0U, 2U, 1U, 0U}) {
        auto records = world.read(*world.stored);
        records.erase(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(first));
        const std::size_t count = records.size();
        const auto opened = run_task(world.context, reader.open(std::move(records)));
        INFO((opened ? "" : describe(opened.error())));
        REQUIRE(opened.has_value());
        REQUIRE(opened->size() == count);
        for (const StoredRecord& record : *opened) {
            CHECK(as_text(record.record).find(canary) != std::string_view::npos);
        }
    }
}

TEST_CASE("what was readable stays so while the store of keys is away", "[retention]")
{
    World world;
    REQUIRE(world.append(World::draft(1)).has_value());
    REQUIRE(world.has_canary(*world.log));
    world.keys.is_away = true;
    world.clock.advance(hours{2});
    CHECK(world.has_canary(*world.log));
    world.clock.advance(hours{24}); // and no longer than it is kept
    CHECK_FALSE(world.has_canary(*world.log));
}

TEST_CASE("a key that the store has lost is no expiry", "[retention]")
{
    World world;
    REQUIRE(world.append(World::draft(1)).has_value());
    world.keys.secrets.clear();
    const auto read = run_task(world.context, world.log->read_from(Position{0}, ReadLimits{}));
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == Errc::unavailable);
    CHECK(read.error().context.find("lost ops.short/") != std::string::npos);
}

TEST_CASE("the payloads of two events that change places are corrupt", "[retention]")
{
    World world;
    REQUIRE(world.append(World::draft(1)).has_value());
    REQUIRE(world.append(World::draft(2)).has_value());
    const auto records = world.read(*world.stored);
    Event first = *decode_record(records[0].record);
    const Event second = *decode_record(records[1].record);
    first.draft.data = second.draft.data;
    world.stored->replace_record(Position{1}, codec(CodecKind::canonical_json).encode(first));
    const auto read = run_task(world.context, world.log->read_from(Position{0}, ReadLimits{}));
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == Errc::corrupt);
}

TEST_CASE("nobody appends what looks encrypted", "[retention]")
{
    World world;
    Draft draft = World::draft(1, "Other");
    draft.data = R"({"$encrypted":{"cipher":"A256GCM","key":"a/b/c","nonce":"","text":""}})";
    const auto refused = world.append(std::move(draft));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::malformed);
    CHECK(refused.error().pointer == "/data/$encrypted");
    CHECK(world.read(*world.stored).empty());
}

TEST_CASE("a repeat is one within the period of its key; afterwards it must be compared in clear",
          "[retention]")
{
    World world;
    REQUIRE(world.append(World::draft(1)).has_value());
    const auto again = world.append(World::draft(1));
    REQUIRE(again.has_value());
    CHECK(again->is_repeat);
    world.clock.advance(hours{1});
    const auto later = world.append(World::draft(1));
    REQUIRE_FALSE(later.has_value());
    CHECK(later.error().code == Errc::key_reuse);
    CHECK(world.log->encrypts_payloads());
}

TEST_CASE("edited packs change what is encrypted and what is over", "[retention]")
{
    World world;
    REQUIRE(world.append(World::draft(1)).has_value());
    world.log->use(std::make_shared<const RetentionRules>());
    REQUIRE(world.append(World::draft(2)).has_value());
    world.clock.advance(hours{24 * 365});
    const auto records = world.read(*world.log);
    REQUIRE(records.size() == 2);
    CHECK_FALSE(records[0].is_expired); // no pack says how long
    CHECK(records[1].payload_key.empty());
    world.log->use(rules_of(seconds{1}));
    CHECK(world.read(*world.log)[0].is_expired);
}
