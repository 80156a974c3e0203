#include "core/cloudevents/mapping.hpp"
#include "core/cloudevents/structured.hpp"
#include "core/event/codec.hpp"
#include "tests/cloudevents/random_cloud_event.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

constexpr WallTime ingested{1'700'000'000'000'000'000};
constexpr auto uuid = "0190e5a1-0000-7000-8000-000000000001";

// Into a record as the log keeps it, and back.
Event stored(const MappedEvent& mapped)
{
    Event event;
    event.draft = mapped.draft;
    event.draft.source = "local";
    event.stream = mapped.stream;
    event.version = Version{3};
    auto decoded = decode_record(codec(CodecKind::canonical_json).encode(event));
    REQUIRE(decoded.has_value());
    return *std::move(decoded);
}

CloudEvent without_places(CloudEvent event)
{
    std::erase_if(event.attributes, [](const auto& pair) { return is_of_ledger(pair.first); });
    return event;
}

CloudEvent read_back(const CloudEvent& event)
{
    const auto mapped = to_draft(event, std::nullopt);
    REQUIRE(mapped.has_value());
    return to_cloud_event(Position{7}, ingested, stored(*mapped));
}

} // namespace

TEST_CASE("a CloudEvent comes out of the log as it went in", "[cloudevents][property]")
{
    auto random = random_generator(403);
    for (int round = 0; round < 500; ++round) {
        const CloudEvent event = random_cloud_event(random);
        std::string text;
        append_structured(text, event);
        CAPTURE(seed(), text);

        CHECK(without_places(read_back(event)) == event);
    }
}

TEST_CASE("every event of the ledger is a valid CloudEvent, and keeps its data",
          "[cloudevents][property]")
{
    auto random = random_generator(404);
    for (int round = 0; round < 500; ++round) {
        const Event event = random_event(random);
        const CloudEvent out = to_cloud_event(Position{7}, ingested, event);
        CAPTURE(seed(), round, event.draft.source, event.draft.meta);

        REQUIRE(check_attributes(out).has_value());
        CHECK(out.data == event.draft.data);
        CHECK(*out.text("id") == event.draft.id.to_string());
        CHECK(*out.text("stream") == event.stream.to_string());
        CHECK(*out.text("sealposition") == "7");
    }
}

TEST_CASE("an id that is a UUID is the event's own, any other becomes a key", "[cloudevents]")
{
    auto event = structured(plain_json());

    event.attributes["id"] = uuid;
    const auto own = to_draft(event, std::nullopt);
    event.attributes["id"] = "order 17";
    const auto keyed = to_draft(event, std::nullopt);
    event.attributes["id"] = std::string(300, 'x');
    const auto hashed = to_draft(event, std::nullopt);
    event.attributes["source"] = "/other";
    const auto of_other = to_draft(event, std::nullopt);

    REQUIRE((own && keyed && hashed && of_other));
    CHECK(own->has_id);
    CHECK(own->draft.id.to_string() == uuid);
    CHECK(own->draft.key.empty());
    CHECK(!keyed->has_id);
    CHECK(keyed->draft.key == "/s order 17");
    CHECK(hashed->draft.key.starts_with("sha256:"));
    CHECK(hashed->draft.key != of_other->draft.key);
}

TEST_CASE("the stream is that of the path, or the one that the event names", "[cloudevents]")
{
    struct Row {
        const char* more;
        const char* stream; // empty: refused
    };
    const auto row =
        GENERATE(Row{R"(,"stream":"a/b")", "a/b"}, Row{R"(,"streamtype":"a")", "a/x/y"},
                 Row{"", "x/y"}, Row{R"(,"stream":"A/b")", ""}, Row{R"(,"stream":"no")", ""},
                 Row{R"(,"streamtype":"A")", ""});
    CAPTURE(row.more);
    const auto event = structured(R"({"specversion":"1.0","id":"1","source":"/s","type":"T",)"
                                  R"("subject":"x/y")" +
                                  std::string{row.more} + "}");

    const auto mapped = to_draft(event, std::nullopt);
    const auto in_path = to_draft(event, StreamName{"a", "b"});

    CHECK(mapped.has_value() == !std::string_view{row.stream}.empty());
    if (mapped) {
        CHECK(mapped->stream.to_string() == row.stream);
    } else {
        CHECK(mapped.error().code == Errc::bad_name);
    }
    const bool fits = event.text("stream") == nullptr || *event.text("stream") == "a/b";
    CHECK(in_path.has_value() == fits);
}

TEST_CASE("without any stream an event is refused", "[cloudevents]")
{
    const auto event = structured(R"({"specversion":"1.0","id":"1","source":"/s","type":"T"})");

    const auto mapped = to_draft(event, std::nullopt);

    REQUIRE(!mapped.has_value());
    CHECK(mapped.error().pointer == "/subject");
}

TEST_CASE("names that the ledger does not take are refused at their place", "[cloudevents]")
{
    auto event = structured(plain_json());
    event.attributes["type"] = "a type";
    const auto bad_type = to_draft(event, std::nullopt);
    event.attributes["type"] = std::string(event_type_bytes_max + 1, 'T');
    const auto long_type = to_draft(event, std::nullopt);
    event.attributes["type"] = "T";
    event.attributes["actor"] = std::string(label_bytes_max + 1, 'a');
    const auto long_actor = to_draft(event, std::nullopt);

    for (const auto* refused : {&bad_type, &long_type}) {
        REQUIRE(!refused->has_value());
        CHECK(refused->error().code == Errc::bad_name);
        CHECK(refused->error().pointer == "/type");
    }
    REQUIRE(!long_actor.has_value());
    CHECK(long_actor.error().pointer == "/actor");
}

TEST_CASE("meta that only looks like a CloudEvent's is shown as it is", "[cloudevents]")
{
    Event event = sample_event(1);
    event.draft.meta = R"({"cloudevent":{"source":"not a uri","x":[]}})";

    const CloudEvent out = to_cloud_event(Position{1}, ingested, event);

    CHECK(check_attributes(out).has_value());
    CHECK(*out.text("sealmeta") == event.draft.meta);
}

TEST_CASE("a forgotten event says so, and nobody can say it for us", "[cloudevents]")
{
    Event event = sample_event(1);
    CHECK_FALSE(to_cloud_event(Position{1}, ingested, event).attributes.contains("sealexpired"));
    event.draft.data = "null";
    event.is_expired = true;
    const CloudEvent out = to_cloud_event(Position{1}, ingested, event);
    REQUIRE(out.attributes.contains("sealexpired"));
    CHECK(std::get<bool>(out.attributes.at("sealexpired")));
    CHECK(is_of_ledger("sealexpired"));
}

TEST_CASE("tracing and causation land where the ledger keeps them", "[cloudevents]")
{
    const auto event = structured(plain_json(
        R"(,"traceparent":"00-a","correlationid":"c","causationid":"d","category":"x","actor":"ann")"));

    const auto mapped = to_draft(event, std::nullopt);

    REQUIRE(mapped.has_value());
    CHECK(mapped->draft.actor == "ann");
    CHECK(mapped->draft.meta ==
          R"({"category":"x","causation":"d","cloudevent":{"data":"none","id":"1","source":"/s",)"
          R"("specversion":"1.0","subject":"deal/1"},"correlation":"c",)"
          R"("traceparent":"00-a"})");
}
