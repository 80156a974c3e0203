#include "core/rules/emission_rules.hpp"
#include "core/rules/schema_rules.hpp"
#include "core/rules/system_streams.hpp"
#include "projections/batch_rows.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

namespace sealstream {

namespace {

Event edit(const std::string& type, const std::optional<EmissionPolicy>& after)
{
    Event event = testing::sample_event(1);
    event.stream = {std::string{policy_stream_type}, type};
    event.draft.type = policy_event_type;
    event.draft.data = edit_data(type, std::nullopt, after);
    return event;
}

Event of_type(const std::string& type)
{
    Event event = testing::sample_event(1);
    event.draft.type = type;
    return event;
}

Event random_event(std::mt19937_64& random)
{
    const std::string type = random() % 2 == 0 ? "A" : "B";
    if (random() % 3 != 0) {
        return of_type(type);
    }
    const EmissionPolicy policy{{"*"}, {}, random() % 2 == 0};
    return edit(type, random() % 4 == 0 ? std::nullopt : std::optional{policy});
}

// The specification: the newest edit of its type before an event decides.
bool spec_skipped(const std::vector<Event>& events, std::size_t at)
{
    if (events[at].stream.type == policy_stream_type) {
        return false;
    }
    for (std::size_t before = at; before-- > 0;) {
        const bool is_edit = events[before].stream.type == policy_stream_type &&
                             events[before].stream.id == events[at].draft.type;
        if (is_edit) {
            return events[before].draft.data.find("\"skip_in_projection\":true") !=
                   std::string::npos;
        }
    }
    return false;
}

} // namespace

TEST_CASE("what is skipped depends on the log before it, wherever folding begins again",
          "[projections][property]")
{
    auto random = testing::random_generator(81);
    std::size_t wrong = 0;
    for (int round = 0; round < 50; ++round) {
        std::vector<Event> events;
        SkipRules rules;
        for (std::size_t at = 0; at < 40; ++at) {
            events.push_back(random_event(random));
            if (random() % 5 == 0) {
                rules = SkipRules{rules.types()}; // as kept beside a cursor, and read again
            }
            const auto skipped = rules.take(events.back());
            REQUIRE(skipped);
            wrong += *skipped == spec_skipped(events, at) ? 0U : 1U;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("a batch carries the rules on, and ends before an edit that is not understood",
          "[projections]")
{
    const auto& json = codec(CodecKind::canonical_json);
    Event newer = edit("B", std::nullopt);
    newer.draft.data = R"({"after":{"quota":1,"sources":[]}})";
    std::vector<StoredRecord> records;
    for (const Event& event : {edit("A", EmissionPolicy{{"*"}, {}, true}), of_type("A"), newer}) {
        records.push_back({Position{records.size() + 1}, WallTime{1}, json.encode(event)});
    }
    SkipRules rules;

    const auto batch = encode_batch(records, rules);

    CHECK(batch.last == Position{2});
    CHECK(batch.skipped_types == std::vector<std::string>{"A"});
    REQUIRE(batch.fault);
    CHECK(batch.fault->code == Errc::unsupported);
}

TEST_CASE("the version of a schema is the one in force, also where folding begins again",
          "[projections]")
{
    Event registered = testing::sample_event(1);
    registered.stream = {std::string{schema_stream_type}, "A"};
    registered.draft.type = schema_event_type;
    SkipRules rules;
    CHECK(rules.schema_version("A") == 1);
    for (std::uint64_t version = 1; version <= 3; ++version) {
        registered.version = Version{version};
        REQUIRE(rules.take(registered));
        CHECK(rules.schema_version("A") == version);
        CHECK(rules.schema_version("B") == 1);
    }

    const SkipRules later{rules.types(), rules.schema_versions()};

    CHECK(later.schema_version("A") == 3);
    CHECK(later.schema_versions() == rules.schema_versions());
}

} // namespace sealstream
