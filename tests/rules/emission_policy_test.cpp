#include "core/event/canonical_json.hpp"
#include "core/rules/emission_policy.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;

namespace {

// The specification: a star is nothing, or one letter and a star.
bool spec_fits(std::string_view text, std::string_view pattern)
{
    if (pattern.empty()) {
        return text.empty();
    }
    if (pattern.front() == '*') {
        return spec_fits(text, pattern.substr(1)) ||
               (!text.empty() && spec_fits(text.substr(1), pattern));
    }
    return !text.empty() && text.front() == pattern.front() &&
           spec_fits(text.substr(1), pattern.substr(1));
}

Result<EmissionPolicy> parse(std::string_view text)
{
    SEAL_TRY(value, parse_json(text));
    return parse_emission_policy(value);
}

} // namespace

TEST_CASE("patterns of sources mean what their definition says", "[rules][exhaustive]")
{
    // All texts up to five and all patterns up to five letters over a small alphabet.
    const auto all = [](std::string_view letters) {
        std::vector<std::string> words{""};
        for (std::size_t begin = 0, length = 0; length < 5; ++length) {
            const std::size_t end = words.size();
            for (; begin < end; ++begin) {
                for (const char letter : letters) {
                    words.push_back(words[begin] + letter);
                }
            }
        }
        return words;
    };
    std::size_t wrong = 0;
    for (const std::string& pattern : all("ab*")) {
        for (const std::string& text : all("ab")) {
            wrong += fits_pattern(text, pattern) == spec_fits(text, pattern) ? 0U : 1U;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("a pattern that could take for ever is decided at once", "[rules]")
{
    std::string pattern;
    for (int stars = 0; stars < 60; ++stars) {
        pattern.append("*a");
    }
    CHECK_FALSE(fits_pattern(std::string(256, 'a') + "b", pattern));
    CHECK(fits_pattern(std::string(256, 'a'), pattern));
}

TEST_CASE("a policy reads back as it was written", "[rules]")
{
    const auto policy = parse(
        R"({"sources":["registry-*","spiffe://a/b"],"stream_types":["account"],"skip_in_projection":true})");
    REQUIRE(policy.has_value());
    CHECK(policy->sources == std::vector<std::string>{"registry-*", "spiffe://a/b"});
    CHECK(policy->skip_in_projection);
    const auto again = parse(to_canonical_json(to_json(*policy)));
    REQUIRE(again.has_value());
    CHECK(*again == *policy);
    CHECK(parse(R"({"sources":[]})")->pattern_for("anybody") == nullptr);
}

TEST_CASE("a policy that could be misread is refused at its place", "[rules]")
{
    struct Row {
        const char* text;
        Errc code;
        const char* pointer;
    };
    const std::string many = "{\"sources\":[" + [] {
        std::string names;
        for (int at = 0; at < 65; ++at) {
            names.append(at == 0 ? "\"s" : ",\"s").append(std::to_string(at)).append("\"");
        }
        return names;
    }() + "]}";
    const std::array rows{
        Row{"[]", Errc::malformed, ""},
        Row{"{}", Errc::malformed, "/sources"},
        Row{R"({"sources":"registry"})", Errc::malformed, "/sources"},
        Row{R"({"sources":["a",7]})", Errc::malformed, "/sources/1"},
        Row{R"({"sources":["a","a"]})", Errc::malformed, "/sources/1"},
        Row{R"({"sources":[""]})", Errc::bad_name, "/sources/0"},
        Row{R"({"sources":["a\n"]})", Errc::bad_name, "/sources/0"},
        Row{R"({"sources":[],"stream_types":["Bad"]})", Errc::bad_name, "/stream_types/0"},
        Row{R"({"sources":[],"skip_in_projection":"yes"})", Errc::malformed, "/skip_in_projection"},
        Row{R"({"sources":[],"skip":true})", Errc::malformed, "/skip"},
        Row{many.c_str(), Errc::too_large, "/sources/64"},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const auto policy = parse(row.text);
        REQUIRE(!policy);
        CHECK(policy.error().code == row.code);
        CHECK(policy.error().pointer == row.pointer);
    }
}
