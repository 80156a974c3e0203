#include "core/base/encoding.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;

TEST_CASE("the vectors of RFC 4648 section 10 encode and decode", "[base]")
{
    const std::pair<std::string_view, std::string_view> rows[] = {{"", ""},
                                                                  {"f", "Zg=="},
                                                                  {"fo", "Zm8="},
                                                                  {"foo", "Zm9v"},
                                                                  {"foob", "Zm9vYg=="},
                                                                  {"fooba", "Zm9vYmE="},
                                                                  {"foobar", "Zm9vYmFy"}};

    for (const auto& [plain, encoded] : rows) {
        CHECK(to_base64(as_bytes(plain)) == encoded);
        const auto decoded = from_base64(encoded);
        REQUIRE(decoded.has_value());
        CHECK(as_text(*decoded) == plain);
    }
}

TEST_CASE("sloppy encodings are refused", "[base]")
{
    for (const auto* text : {"Zg=", "Zg", "Zh==", "Z===", "Zm9v\n", "Zm-v", "===="}) {
        const auto decoded = from_base64(text);
        INFO(text);
        REQUIRE(!decoded.has_value());
        CHECK(decoded.error().code == Errc::malformed);
    }
    CHECK(!from_hex("abc").has_value());
    CHECK(!from_hex("AB").has_value());
    CHECK(from_hex("ab").has_value());
}
