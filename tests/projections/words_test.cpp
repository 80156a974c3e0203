#include "core/event/canonical_json.hpp"
#include "projections/words.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

namespace sealstream {

namespace {

using Words = std::vector<std::string>;

Words words_of_json(std::string_view json)
{
    Words words;
    static_cast<void>(scan_canonical_json(json, words));
    return words;
}

JsonTraits traits_of(std::string_view json)
{
    Words words;
    return scan_canonical_json(json, words);
}

bool holds_nul(const boost::json::value& value)
{
    const auto has = [](std::string_view text) { return text.find('\0') != text.npos; };
    if (value.is_object()) {
        for (const auto& member : value.get_object()) {
            if (has(std::string_view{member.key().data(), member.key().size()}) ||
                holds_nul(member.value())) {
                return true;
            }
        }
    }
    if (value.is_array()) {
        const auto& array = value.get_array();
        return std::any_of(array.begin(), array.end(), holds_nul);
    }
    return value.is_string() &&
           has(std::string_view{value.get_string().data(), value.get_string().size()});
}

} // namespace

TEST_CASE("words are runs of letters and digits in lower case, each once", "[projections]")
{
    CHECK(words_of_text("Linux-6.1, LINUX x") == Words{"1", "6", "linux", "x"});
    CHECK(words_of_text("\xc3\x89T\xc3\x89 \xd0\xaf\xd0\x9b \xce\x91 \xc3\x97") ==
          Words{"\xc3\x97", "\xc3\xa9t\xc3\xa9", "\xce\xb1", "\xd1\x8f\xd0\xbb"});
    CHECK(words_of_text("").empty());
    CHECK(words_of_text(" -- !").empty());
}

TEST_CASE("long words are cut at a character, the same way on both sides", "[projections]")
{
    const std::string just_right(word_bytes_max, 'a');
    CHECK(words_of_text(just_right + "bbb") == Words{just_right});
    const std::string straddling = std::string(word_bytes_max - 1, 'a') + "\xc3\xa9";
    CHECK(words_of_text(straddling) == Words{std::string(word_bytes_max - 1, 'a')});
    CHECK(words_of_json("\"" + straddling + "\"") == words_of_text(straddling));
}

TEST_CASE("of many words the first ones of the text are kept", "[projections]")
{
    std::string text;
    for (std::size_t count = 0; count < words_max + 50; ++count) {
        text += "w" + std::to_string(1'000 - count) + " w1000 ";
    }
    const auto words = words_of_text(text);
    CHECK(words.size() == words_max);
    CHECK(std::is_sorted(words.begin(), words.end()));
    CHECK(std::binary_search(words.begin(), words.end(), std::string{"w1000"}));
    CHECK(std::binary_search(words.begin(), words.end(), std::string{"w745"}));
    CHECK_FALSE(std::binary_search(words.begin(), words.end(), std::string{"w744"}));
}

TEST_CASE("of JSON, text and numbers are words; names and literals are not", "[projections]")
{
    CHECK(words_of_json(R"({"name":"Value","n":-12.5,"t":true,"z":null,"l":["in list",7]})") ==
          Words{"12", "5", "7", "in", "list", "value"});
    CHECK(words_of_json(R"("top level")") == Words{"level", "top"});
    CHECK(words_of_json("42") == Words{"42"});
    CHECK(words_of_json("{}").empty());
}

TEST_CASE("escapes separate words and are none", "[projections]")
{
    CHECK(words_of_json(R"("a\nb\u0001c\"d\\e")") == Words{"a", "b", "c", "d", "e"});
    CHECK(words_of_json(R"(["\\","x"])") == Words{"x"});
    CHECK(words_of_json(R"({"k\"":"v","\\":"w"})") == Words{"v", "w"});
}

TEST_CASE("NUL characters and exponents are found where they are, and only there", "[projections]")
{
    CHECK(traits_of(R"("a\u0000")").has_nul);
    CHECK(traits_of(R"({"\u0000":1})").has_nul);
    CHECK_FALSE(traits_of(R"("a\\u0000")").has_nul);
    CHECK_FALSE(traits_of(R"("u0000\u0001")").has_nul);
    CHECK(traits_of("[1,1e+21]").has_exponent);
    CHECK_FALSE(traits_of(R"([1,"1e+21",true])").has_exponent);
    CHECK(without_nul(R"({"\u0000":"\\u0000\\\u0000"})") == R"({"\ufffd":"\\u0000\\\ufffd"})");
}

TEST_CASE("what parsing says about NUL, scanning says too, for any JSON", "[projections]")
{
    auto random = testing::random_generator(92);
    for (int round = 0; round < 3'000; ++round) {
        const std::string json = testing::random_json(random, 3);
        const bool has_nul = traits_of(json).has_nul;
        INFO(json);
        REQUIRE(has_nul == holds_nul(*parse_json(json)));
        REQUIRE_FALSE(traits_of(without_nul(json)).has_nul);
    }
}

} // namespace sealstream
