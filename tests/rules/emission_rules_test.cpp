#include "core/event/canonical_json.hpp"
#include "core/rules/rulebook.hpp"
#include "core/rules/system_streams.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

struct Edit {
    std::string type;
    std::optional<EmissionPolicy> policy;
};

StoredEvent edit_event(std::uint64_t position, std::uint64_t version, const Edit& edit)
{
    StoredEvent stored{Position{position}, {}, sample_event(position)};
    stored.event.stream = {std::string{policy_stream_type}, edit.type};
    stored.event.version = Version{version};
    stored.event.draft.type = policy_event_type;
    stored.event.draft.data = edit_data(edit.type, std::nullopt, edit.policy);
    return stored;
}

// The specification: look through all edits, from the newest to the oldest, for one of this type.
EmissionAnswer spec_answer(const std::vector<Edit>& edits, const EmissionQuestion& question,
                           UnknownTypes unknown)
{
    for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit) {
        if (edit->type != question.type) {
            continue;
        }
        if (!edit->policy) {
            break;
        }
        EmissionAnswer answer{false, edit->policy->skip_in_projection, {}, {}};
        for (const std::string& pattern : edit->policy->sources) {
            answer.is_allowed = answer.is_allowed || fits_pattern(question.source, pattern);
        }
        bool is_in_place = edit->policy->stream_types.empty() || question.stream_type.empty();
        for (const std::string& type : edit->policy->stream_types) {
            is_in_place = is_in_place || type == question.stream_type;
        }
        answer.is_allowed = answer.is_allowed && is_in_place;
        return answer;
    }
    return {unknown == UnknownTypes::allow, false, {}, {}};
}

EmissionPolicy random_policy(std::mt19937_64& random)
{
    constexpr std::array sources{"registry-a", "registry-*", "teg-*", "*", "teg-layer-a"};
    constexpr std::array types{"account", "agent"};
    EmissionPolicy policy;
    for (const char* source : sources) {
        if (random() % 4 == 0) {
            policy.sources.emplace_back(source);
        }
    }
    for (const char* type : types) {
        if (random() % 4 == 0) {
            policy.stream_types.emplace_back(type);
        }
    }
    policy.skip_in_projection = random() % 3 == 0;
    return policy;
}

const EmissionPolicy registry_only{{"registry-*"}, {}, false};

} // namespace

TEST_CASE("rules answer as a search through all edits does", "[rules][property]")
{
    auto random = random_generator(71);
    constexpr std::array types{"TokensIssued", "TokensStaked", "Other"};
    constexpr std::array sources{"registry-a", "teg-layer-a", "teg-b", "somebody"};
    constexpr std::array stream_types{"", "account", "agent", "deal"};
    std::size_t wrong = 0;
    for (int round = 0; round < 100; ++round) {
        std::vector<Edit> edits;
        std::map<std::string, std::uint64_t> versions;
        Rulebook rules;
        for (std::uint64_t position = 1; position <= 20; ++position) {
            Edit edit{types[random() % types.size()], std::nullopt};
            if (random() % 5 != 0) {
                edit.policy = random_policy(random);
            }
            REQUIRE(rules.apply(edit_event(position * 3, ++versions[edit.type], edit)));
            edits.push_back(std::move(edit));
            for (const auto unknown : {UnknownTypes::allow, UnknownTypes::refuse}) {
                const EmissionQuestion question{types[random() % types.size()],
                                                sources[random() % sources.size()],
                                                stream_types[random() % stream_types.size()]};
                const auto expected = spec_answer(edits, question, unknown);
                const auto answer = rules.emission.explain(question, unknown);
                const bool is_right =
                    answer.is_allowed == expected.is_allowed &&
                    answer.is_skipped == expected.is_skipped &&
                    rules.emission.allows(question, unknown) == expected.is_allowed &&
                    rules.emission.is_skipped(question.type) == expected.is_skipped;
                wrong += is_right ? 0U : 1U;
            }
        }
        CHECK(rules.applied == Position{60});
    }
    CHECK(wrong == 0);
}

TEST_CASE("an answer names the edit that decides", "[rules]")
{
    Rulebook rules;
    REQUIRE(rules.apply(edit_event(4, 1, {"TokensIssued", registry_only})));
    REQUIRE(rules.apply(edit_event(9, 2, {"TokensIssued", registry_only})));

    const auto refused =
        rules.emission.explain({"TokensIssued", "teg-layer-a", ""}, UnknownTypes::allow);
    const auto unknown = rules.emission.explain({"Other", "teg-layer-a", ""}, UnknownTypes::refuse);

    CHECK_FALSE(refused.is_allowed);
    CHECK(refused.rule == "policies/TokensIssued@2");
    CHECK(refused.reason == "TokensIssued may be emitted by registry-*, not by teg-layer-a");
    CHECK_FALSE(unknown.is_allowed);
    CHECK(unknown.rule == "policy.unknown_types");
}

TEST_CASE("rules with a gap or of another version are not applied", "[rules]")
{
    Rulebook rules;
    REQUIRE(rules.apply(edit_event(4, 1, {"A", registry_only})));
    const auto code_of = [](Rulebook book, const StoredEvent& event) {
        const auto applied = book.apply(event);
        return applied ? Errc{} : applied.error().code;
    };

    CHECK(code_of(rules, edit_event(5, 3, {"A", registry_only})) == Errc::corrupt);
    CHECK(code_of(rules, edit_event(5, 1, {"A", registry_only})) == Errc::corrupt);
    CHECK(code_of(rules, edit_event(4, 2, {"A", registry_only})) == Errc::internal);
    auto newer = edit_event(5, 2, {"A", registry_only});
    newer.event.draft.type = "EventEmissionPolicyRewritten";
    CHECK(code_of(rules, newer) == Errc::unsupported);
    newer = edit_event(5, 2, {"A", registry_only});
    newer.event.draft.data = R"({"after":{"sources":[],"quota":7}})";
    CHECK(code_of(rules, newer) == Errc::unsupported);
    newer.event.draft.data = R"({"before":null})";
    CHECK(code_of(rules, newer) == Errc::unsupported);
}
