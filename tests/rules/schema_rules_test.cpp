#include "core/event/canonical_json.hpp"
#include "core/rules/rulebook.hpp"
#include "core/rules/system_streams.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

StoredEvent edit(std::uint64_t position, std::string_view stream_type, std::uint64_t version,
                 std::string data)
{
    StoredEvent stored{Position{position}, WallTime{5}, sample_event(position)};
    const bool is_schema = stream_type == schema_stream_type;
    stored.event.draft.type = is_schema ? schema_event_type : redaction_event_type;
    stored.event.draft.data = std::move(data);
    stored.event.stream = {std::string{stream_type}, "OrderPlaced"};
    stored.event.version = Version{version};
    return stored;
}

StoredEvent schema_edit(std::uint64_t position, std::uint64_t version, std::string_view schema)
{
    return edit(position, schema_stream_type, version,
                schema_data("OrderPlaced", *parse_json(schema), Compatibility::full));
}

} // namespace

TEST_CASE("the latest registration holds, and earlier ones are kept", "[rules][schema]")
{
    Rulebook rules;

    REQUIRE(rules.apply(schema_edit(3, 1, R"({"type":"object"})")).has_value());
    REQUIRE(rules.apply(schema_edit(9, 2, R"({"type":"array"})")).has_value());

    const auto* row = rules.schemas.schema("OrderPlaced");
    REQUIRE(row != nullptr);
    CHECK(row->versions.size() == 2);
    CHECK(row->versions[0]->text == R"({"type":"object"})");
    CHECK(row->latest().position == Position{9});
    CHECK(row->latest().compatibility == Compatibility::full);
    CHECK(row->compiled.accepts(*parse_json("[]")));
    CHECK(!row->compiled.accepts(*parse_json("{}")));
    CHECK(rules.schemas.schema("Other") == nullptr);
    CHECK(rules.applied == Position{9});
}

TEST_CASE("redactions hold from their event on", "[rules][schema]")
{
    Rulebook rules;
    Draft draft = sample_draft(1);
    draft.type = "OrderPlaced";
    draft.data = R"({"p":1})";
    const auto some = *parse_redactions(*parse_json(R"(["/data/p"])"));

    rules.schemas.redact(draft);
    CHECK(draft.data == R"({"p":1})");
    REQUIRE(
        rules.apply(edit(4, redaction_stream_type, 1, redaction_data("OrderPlaced", nullptr, some)))
            .has_value());
    rules.schemas.redact(draft);

    CHECK(draft.data == "{}");
    CHECK(rules.schemas.redaction("OrderPlaced")->redactions == some);
}

TEST_CASE("a registration that can not be understood stops the rulebook", "[rules][schema]")
{
    struct Row {
        std::string_view stream_type;
        std::uint64_t version;
        const char* data;
        Errc code;
    };
    const auto row = GENERATE(
        Row{schema_stream_type, 1, "{}", Errc::unsupported},
        Row{schema_stream_type, 1, R"({"compatibility":"full","schema":{"later":1}})",
            Errc::unsupported},
        Row{schema_stream_type, 1, R"({"compatibility":"later","schema":{}})", Errc::unsupported},
        Row{schema_stream_type, 2, R"({"compatibility":"full","schema":{}})", Errc::corrupt},
        Row{redaction_stream_type, 1, R"({"after":[{"pointer":"/data","mode":"later"}]})",
            Errc::unsupported},
        Row{redaction_stream_type, 3, R"({"after":[]})", Errc::corrupt});
    CAPTURE(row.data);
    Rulebook rules;

    const auto applied = rules.apply(edit(1, row.stream_type, row.version, row.data));

    REQUIRE(!applied.has_value());
    CHECK(applied.error().code == row.code);
    CHECK(rules.applied == Position{});
}
