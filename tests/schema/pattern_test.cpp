#include "core/schema/pattern.hpp"
#include "tests/support/catch.hpp"

#include <chrono>

using namespace sealstream;

namespace {

bool matches(std::string_view pattern, std::string_view text)
{
    CAPTURE(pattern, text);
    const auto compiled = Pattern::compile(pattern);
    REQUIRE(compiled.has_value());
    return compiled->matches(text);
}

} // namespace

TEST_CASE("patterns mean what ECMA-262 says", "[schema]")
{
    CHECK(matches("b", "abc")); // not anchored
    CHECK(!matches("^b$", "abc"));
    CHECK(!matches("^a$", "a\n")); // the end is the end
    CHECK(matches(R"(^\u20ac\u{1F600}$)", "\xe2\x82\xac\xf0\x9f\x98\x80"));
    CHECK(matches(R"(^\ud83d\ude00$)", "\xf0\x9f\x98\x80"));
    CHECK(matches(R"(^.$)", "\xf0\x9f\x98\x80")); // one code point
    CHECK(!matches("^.$", "\r"));
    CHECK(matches(R"(^\s$)", "\xc2\xa0")); // no-break space
    CHECK(matches(R"(^[\s]$)", "\xe2\x80\xa8"));
    CHECK(!matches(R"(^\S$)", "\xef\xbb\xbf"));
    CHECK(matches(R"(^\cA[\b]\x41\/$)", "\x01\x08"
                                        "A/"));
    CHECK(matches(R"(^[[a]$)", "["));
    CHECK(matches(R"(^\p{L}+$)", "\xc3\xa9"));
    CHECK(matches("^(?:a|b){2}$", "ab"));
    CHECK(matches(R"(^\d{4}-\d\d$)", "2026-11"));
    CHECK(!matches(R"(^\d$)", "\xd9\xa3")); // ASCII digits only
}

TEST_CASE("what can not be matched in linear time, or is not ECMA-262, is refused", "[schema]")
{
    const auto* const bad =
        GENERATE("(?=a)", "(?!a)", "(?<=a)", "(?<n>a)", R"((a)\1)", "(?i)a", "a**", "(", "[a", "a)",
                 R"(\)", R"(\u12)", R"(\ud800)", R"(\ud800\u0041)", R"(\u{})", R"(\c1)", R"(\p)",
                 R"(\p{Nothing})", R"(\A)", R"(\Qa\E)", R"([\S])", "[]", "[^]", "a{1001}", "\xff");
    CAPTURE(bad);

    const auto compiled = Pattern::compile(bad);

    REQUIRE(!compiled.has_value());
    CHECK(compiled.error().code == Errc::malformed);
}

TEST_CASE("long patterns are refused", "[schema]")
{
    const auto compiled = Pattern::compile(std::string(pattern_bytes_max + 1, 'a'));

    REQUIRE(!compiled.has_value());
    CHECK(compiled.error().code == Errc::too_large);
}

TEST_CASE("patterns that make others think for ever are matched at once", "[schema]")
{
    const std::string text = std::string(200'000, 'a') + "!";
    const auto* const evil = GENERATE("^(a+)+$", "^(a|aa)+$", "^(a|a)*$", "^(.*a){20}$");
    CAPTURE(evil);

    const auto began = std::chrono::steady_clock::now();
    CHECK(!matches(evil, text));
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{2});
}
