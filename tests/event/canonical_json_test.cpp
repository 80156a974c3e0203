#include "core/event/canonical_json.hpp"
#include "core/event/canonical_scan.hpp"
#include "core/event/json_text.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/source_files.hpp"

#include <bit>
#include <charconv>

using namespace sealstream;
using namespace std::string_literals;

namespace {

std::string nested(std::size_t depth)
{
    return std::string(depth, '[') + std::string(depth, ']');
}

} // namespace

TEST_CASE("what parsers disagree about is refused, with its place", "[json]")
{
    struct Row {
        std::string text;
        Errc code;
        std::string pointer;
    };
    const std::vector<Row> rows{
        {"", Errc::malformed, ""},
        {" ", Errc::malformed, ""},
        {"nul", Errc::malformed, ""},
        {"True", Errc::malformed, ""},
        {"null null", Errc::malformed, ""},
        {"{}{}", Errc::malformed, ""},
        {"\xef\xbb\xbf{}", Errc::malformed, ""}, // a byte order mark
        {"[1,]", Errc::malformed, "/1"},
        {"[1 2]", Errc::malformed, ""},
        {"[1", Errc::malformed, ""},
        {"{\"a\":1,}", Errc::malformed, ""},
        {"{\"a\" 1}", Errc::malformed, "/a"},
        {"{\"a\":}", Errc::malformed, "/a"},
        {"{a:1}", Errc::malformed, ""},
        {"{'a':1}", Errc::malformed, ""},
        {"{\"a\":[0,{\"b\":tru}]}", Errc::malformed, "/a/1/b"},
        {"[0,01]", Errc::malformed, "/1"},
        {"[-]", Errc::malformed, "/0"},
        {"[+1]", Errc::malformed, "/0"},
        {"[.5]", Errc::malformed, "/0"},
        {"[1.]", Errc::malformed, "/0"},
        {"[1e]", Errc::malformed, "/0"},
        {"[1e+]", Errc::malformed, "/0"},
        {"[0x10]", Errc::malformed, ""},
        {"[NaN]", Errc::malformed, "/0"},
        {"[Infinity]", Errc::malformed, "/0"},
        {"[-Infinity]", Errc::malformed, "/0"},
        {"// no\n1", Errc::malformed, ""},
        {"\"a", Errc::malformed, ""},
        {"\"a\nb\"", Errc::malformed, ""},
        {"\"\\x41\"", Errc::malformed, ""},
        {"\"\\u00g0\"", Errc::malformed, ""},
        {"\"\\u+0ab\"", Errc::malformed, ""},
        {"\"\\u12\"", Errc::malformed, ""},
        {"\"\\", Errc::malformed, ""},
        {"\0"s, Errc::malformed, ""},
        {"1\0"s, Errc::malformed, ""},

        {"{\"a\":1,\"a\":1}", Errc::duplicate_key, "/a"},
        {"[{\"x\":{\"b\":1,\"\\u0062\":2}}]", Errc::duplicate_key, "/0/x/b"},
        {"{\"a/b~c\":1,\"a/b~c\":2}", Errc::duplicate_key, "/a~1b~0c"},
        {"{\"\":1,\"\":2}", Errc::duplicate_key, "/"},

        {"\"\xff\"", Errc::invalid_utf8, ""},
        {"[\"\xc3\"]", Errc::invalid_utf8, "/0"},
        {"[0,\"\xc0\xaf\"]", Errc::invalid_utf8, "/1"},             // overlong
        {"{\"k\":\"\xed\xa0\x80\"}", Errc::invalid_utf8, "/k"},     // a surrogate
        {"{\"k\":\"\xf4\x90\x80\x80\"}", Errc::invalid_utf8, "/k"}, // beyond U+10FFFF
        {"{\"k\":{\"\x80\":1}}", Errc::invalid_utf8, "/k"},         // in a name

        {"\"\\ud800\"", Errc::lone_surrogate, ""},
        {"[\"\\udc00\"]", Errc::lone_surrogate, "/0"},
        {"[\"\\ud800x\"]", Errc::lone_surrogate, "/0"},
        {"[\"\\ud800\\n\"]", Errc::lone_surrogate, "/0"},
        {"[\"\\ud800\\ud800\"]", Errc::lone_surrogate, "/0"},
        {"{\"\\udfff\":1}", Errc::lone_surrogate, ""},

        {"18446744073709551616", Errc::number_out_of_range, ""},
        {"[0,-9223372036854775809]", Errc::number_out_of_range, "/1"},
        {"{\"n\":99999999999999999999999}", Errc::number_out_of_range, "/n"},
        {"{\"n\":1e309}", Errc::number_out_of_range, "/n"},
        {"{\"n\":-1.8e308}", Errc::number_out_of_range, "/n"},
        {"{\"n\":1e99999999999999999999}", Errc::number_out_of_range, "/n"},
        {"1" + std::string(400, '0') + ".5", Errc::number_out_of_range, ""},

        {nested(65), Errc::too_deep,
         [] {
             std::string pointer;
             for (int level = 0; level < 64; ++level) {
                 pointer += "/0";
             }
             return pointer;
         }()},
        {"\"" + std::string(1U << 20U, 'x') + "\"", Errc::too_large, ""},
    };
    for (const Row& row : rows) {
        INFO(row.text.substr(0, 80));
        const auto parsed = parse_json(row.text);
        REQUIRE(!parsed);
        CHECK(name(parsed.error().code) == name(row.code));
        CHECK(parsed.error().pointer == row.pointer);
        CHECK(!parsed.error().context.empty());
        const auto canonical = canonical_json(row.text);
        REQUIRE(!canonical);
        CHECK(canonical.error().code == row.code);
        CHECK(canonical.error().pointer == row.pointer);
    }
}

TEST_CASE("the neighbours of what is refused are read", "[json]")
{
    const std::vector<std::pair<std::string, std::string>> rows{
        {" [ 1 , 2 ] ", "[1,2]"},
        {"[-0]", "[0]"},
        {"[-0.0]", "[0]"},
        {"[0e10]", "[0]"},
        {"[1.0]", "[1]"},
        {"[1E2]", "[100]"},
        {"[9007199254740991.0]", "[9007199254740991]"},
        {"[9007199254740992.0]", "[9.007199254740992e+15]"},
        {"[9007199254740993]", "[9007199254740993]"},
        {"18446744073709551615", "18446744073709551615"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"1.7976931348623157e308", "1.7976931348623157e+308"},
        {"1e-400", "0"},
        {"-1e-99999999999999999999", "0"},
        {"0." + std::string(400, '0') + "1", "0"},
        {"0." + std::string(400, '0') + "1e401", "1"},
        {"1" + std::string(400, '0') + ".0e-400", "1"},
        {"\"\\ud83d\\ude00\\/\"", "\"\xf0\x9f\x98\x80/\""},
        {"\"\\u0000\\u001F\\u007f\"", "\"\\u0000\\u001f\x7f\""},
        {"{\"b\":1,\"a\":{}}", "{\"a\":{},\"b\":1}"},
        {"{\"a\":{\"x\":1},\"b\":{\"x\":1}}", "{\"a\":{\"x\":1},\"b\":{\"x\":1}}"},
        {nested(64), nested(64)},
    };
    for (const auto& [text, expected] : rows) {
        INFO(text.substr(0, 80));
        const auto canonical = canonical_json(text);
        INFO((canonical ? "" : describe(canonical.error())));
        REQUIRE(canonical.has_value());
        CHECK(*canonical == expected);
        CHECK(is_canonical_json(expected));
    }
}

TEST_CASE("limits are the caller's, up to a ceiling", "[json]")
{
    CHECK(parse_json("[[1]]", {2, 5}).has_value());
    CHECK(parse_json("[[1]]", {1, 5}).error().code == Errc::too_deep);
    CHECK(parse_json("[[1]]", {1, 5}).error().pointer == "/0");
    CHECK(parse_json("[[1]]", {2, 4}).error().code == Errc::too_large);
    CHECK(canonical_json("[[1]]", {1, 5}).error().code == Errc::too_deep);
    CHECK(canonical_json("[[1]]", {2, 4}).error().code == Errc::too_large);
    const JsonLimits generous{1'000'000, 1'000'000};
    CHECK(parse_json(nested(json_depth_ceiling), generous).has_value());
    CHECK(parse_json(nested(json_depth_ceiling + 1), generous).error().code == Errc::too_deep);
    CHECK(is_canonical_json(nested(json_depth_ceiling)));
    CHECK(!is_canonical_json(nested(json_depth_ceiling + 1)));
}

TEST_CASE("the published vectors of RFC 8785 hold, but for integers' sake", "[json][vectors]")
{
    const auto vectors =
        *parse_json(sealstream::testing::read_source_file("tests/vectors/json/rfc8785.json"));
    for (const auto& row : vectors.at("numbers").as_array()) { // appendix B
        const std::string_view bits_text{row.at("bits").as_string().data(), 16};
        INFO(bits_text);
        std::uint64_t bits = 0;
        std::from_chars(bits_text.data(), bits_text.data() + 16, bits, 16);
        const auto* const ours = row.as_object().if_contains("ours");
        CHECK(to_canonical_json(std::bit_cast<double>(bits)) ==
              std::string{(ours != nullptr ? *ours : row.at("text")).as_string().c_str()});
    }
    for (const auto& row : vectors.at("texts").as_array()) { // 3.2.2 to 3.2.4
        const auto canonical = canonical_json(row.at("input").as_string().c_str());
        REQUIRE(canonical.has_value());
        CHECK(*canonical == std::string{row.at("canonical").as_string().c_str()});
    }
}
