#include "core/event/canonical_json.hpp"
#include "core/rules/redaction.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

using namespace sealstream;
using namespace sealstream::testing;

namespace {

std::vector<Redaction> rules(std::string_view text)
{
    auto parsed = parse_redactions(*parse_json(text));
    REQUIRE(parsed.has_value());
    return *std::move(parsed);
}

Draft draft_with(std::string_view data, std::string_view meta = {})
{
    Draft draft = sample_draft(1);
    draft.data = *canonical_json(data);
    draft.meta = meta.empty() ? std::string{} : *canonical_json(meta);
    return draft;
}

std::string redacted(std::string_view data, std::string_view with)
{
    Draft draft = draft_with(data);
    redact(draft, rules(with));
    return draft.data;
}

} // namespace

TEST_CASE("each mode takes the value away", "[rules][secrets]")
{
    CHECK(redacted(R"({"a":1,"p":"x"})", R"(["/data/p"])") == R"({"a":1})");
    CHECK(redacted(R"({"p":"x"})", R"([{"pointer":"/data/p","mode":"mask"}])") == R"({"p":"***"})");
    const auto digest = redacted(R"({"p":"x"})", R"([{"pointer":"/data/p","mode":"digest"}])");
    CHECK(digest.starts_with(R"({"p":"sha256:)"));
    CHECK(digest.size() == std::string_view{R"({"p":"sha256:"})"}.size() + 64);
}

TEST_CASE("stars reach every member and element of a level", "[rules][secrets]")
{
    CHECK(redacted(R"({"u":[{"p":1,"q":2},{"p":3}],"p":4})", R"(["/data/u/*/p"])") ==
          R"({"p":4,"u":[{"q":2},{}]})");
    CHECK(redacted(R"({"a":{"p":1},"b":{"p":2}})", R"([{"pointer":"/data/*/p","mode":"mask"}])") ==
          R"({"a":{"p":"***"},"b":{"p":"***"}})");
    CHECK(redacted(R"([1,2,3])", R"(["/data/*"])") == "[]");
    CHECK(redacted(R"([1,2,3])", R"(["/data/1"])") == "[1,3]");
    CHECK(redacted(R"({"a/b":1,"*":2})", R"(["/data/a~1b"])") == R"({"*":2})");
}

TEST_CASE("what stands where members were expected is redacted as a whole", "[rules][secrets]")
{
    constexpr auto rule = R"([{"pointer":"/data/a/p","mode":"mask"}])";

    CHECK(redacted(R"({"a":"{\"p\":\"secret\"}"})", rule) == R"({"a":"***"})");
    CHECK(redacted(R"("eyJwIjoic2VjcmV0In0=")", rule) == R"("***")");
    CHECK(redacted(R"("eyJwIjoic2VjcmV0In0=")", R"(["/data/a"])") == "null");
    CHECK(redacted(R"({"a":7})", rule) == R"({"a":"***"})");
    CHECK(redacted(R"({"a":null})", rule) == R"({"a":null})");
    CHECK(redacted(R"({"b":1})", rule) == R"({"b":1})");
}

TEST_CASE("meta has its own rules, and may vanish", "[rules][secrets]")
{
    Draft draft = draft_with("1", R"({"token":"x","category":"c"})");
    redact(draft, rules(R"(["/meta/token"])"));
    CHECK(draft.meta == R"({"category":"c"})");
    CHECK(draft.data == "1");

    redact(draft, rules(R"([{"pointer":"/meta","mode":"mask"},"/data"])"));
    CHECK(draft.meta.empty());
    CHECK(draft.data == "null");
}

TEST_CASE("a digest is of one event, one place and one value", "[rules][secrets]")
{
    const auto both = rules(R"([{"pointer":"/data/*","mode":"digest"}])");
    Draft one = draft_with(R"({"a":"x","b":"x","c":"y"})");
    Draft again = one;
    Draft other = one;
    other.id = sample_draft(2).id;
    for (Draft* draft : {&one, &again, &other}) {
        redact(*draft, both);
    }

    const auto values = parse_json(one.data)->get_object();
    CHECK(one.data == again.data); // a repeat is the same event
    CHECK(one.data != other.data);
    CHECK(values.at("a") != values.at("b"));
    CHECK(values.at("b") != values.at("c"));
}

TEST_CASE("no secret survives, wherever it stands", "[rules][secrets][property]")
{
    auto random = random_generator(431);
    const auto all =
        rules(R"([{"pointer":"/data/*","mode":"mask"},{"pointer":"/data/s/*","mode":"digest"},
        "/data/*/*","/meta/*"])");
    for (int round = 0; round < 500; ++round) {
        Draft draft = draft_with(R"({"s":{"x":"canary"},"y":["canary",{"z":"canary"}]})",
                                 R"({"t":"canary"})");
        auto value = *parse_json(draft.data);
        value.get_object()["more"] = *parse_json(random_json(random, 3));
        draft.data = to_canonical_json(value);

        redact(draft, all);

        CAPTURE(seed(), draft.data);
        CHECK((draft.data + draft.meta).find("canary") == std::string::npos);
        CHECK(canonical_json(draft.data).has_value());
    }
}

TEST_CASE("rules that mean nothing are refused", "[rules][secrets]")
{
    const auto* const bad =
        GENERATE(R"({})", R"([1])", R"(["data/p"])", R"([""])", R"(["/actor"])", R"(["/data/~2"])",
                 R"([{"mode":"mask"}])", R"([{"pointer":"/data","mode":"hide"}])",
                 R"([{"pointer":"/data","mode":1}])", R"([{"pointer":"/data","modus":"mask"}])");
    CAPTURE(bad);

    const auto parsed = parse_redactions(*parse_json(bad));

    REQUIRE(!parsed.has_value());
    CHECK(parsed.error().code == Errc::malformed);
}

TEST_CASE("rules read back as they were written", "[rules][secrets]")
{
    const auto some = rules(
        R"(["/data/p",{"pointer":"/meta/*","mode":"digest"},{"pointer":"/data/q","mode":"mask"}])");

    CHECK(*parse_redactions(to_json(some)) == some);
}
