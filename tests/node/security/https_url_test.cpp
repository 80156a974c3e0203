// Which URLs key sets may have.

#include "node/security/https_url.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using sealstream::security::HttpsUrl;

TEST_CASE("an https URL is taken apart", "[security][url]")
{
    struct Row {
        const char* text;
        const char* host;
        int port;
        const char* target;
    };
    const auto row = GENERATE(
        Row{"https://id.example", "id.example", 443, "/"},
        Row{"https://id.example/", "id.example", 443, "/"},
        Row{"https://id.example:8443/realms/a/keys?v=2", "id.example", 8443, "/realms/a/keys?v=2"},
        Row{"https://127.0.0.1:1/x%20y", "127.0.0.1", 1, "/x%20y"},
        Row{"https://[::1]:65535/keys", "::1", 65535, "/keys"},
        Row{"https://[2001:db8::1]", "2001:db8::1", 443, "/"},
        Row{"https://id.example?a=b", "id.example", 443, "/?a=b"});
    CAPTURE(row.text);

    const auto url = HttpsUrl::parse(row.text);

    REQUIRE(url);
    CHECK(url->host == row.host);
    CHECK(int{url->port} == row.port);
    CHECK(url->target == row.target);
}

TEST_CASE("what could be read in two ways is no URL of keys", "[security][url][hostile]")
{
    const auto* const text =
        GENERATE("http://id.example/keys", "HTTPS://id.example/", "https:/id.example", "https://",
                 "https:///keys", "https://user@id.example/", "https://id.example@evil.example/",
                 "https://id.example\\@evil.example/", "https://id.example:/",
                 "https://id.example:0/", "https://id.example:65536/", "https://id.example:44 3/",
                 "https://id.example:443x/", "https://[::1/", "https://[]/", "https://[::1]x/",
                 "https://[id.example]/", "https://id.example/keys#part", "https://id.example/a b",
                 "https://id.example/\r\nHost: x", "https://id.example/ä", "https://id_example/",
                 "file:///etc/passwd", "https://id.example/<x>");
    CAPTURE(text);

    const auto url = HttpsUrl::parse(text);

    REQUIRE_FALSE(url);
    CHECK(url.error().code == Errc::malformed);
    CHECK_FALSE(HttpsUrl::parse("https://id.example/" + std::string(2'048, 'a')));
}
