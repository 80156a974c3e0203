// SPIFFE IDs and the names that they become.

#include "node/security/spiffe_id.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::security;

TEST_CASE("only the exact form of a workload's SPIFFE ID is one", "[security][spiffe]")
{
    struct Row {
        std::string uri;
        bool is_good;
    };
    const auto row = GENERATE(
        Row{"spiffe://example.org/a", true}, Row{"spiffe://example.org/ns/prod/sa/A_b-c.d", true},
        Row{"spiffe://a-b_c.1/x", true}, Row{"spiffe://example.org", false},
        Row{"spiffe://example.org/", false}, Row{"spiffe://example.org/a/", false},
        Row{"spiffe://example.org//a", false}, Row{"spiffe://example.org/./a", false},
        Row{"spiffe://example.org/a/..", false}, Row{"spiffe://example.org/...", true},
        Row{"spiffe:///a", false}, Row{"SPIFFE://example.org/a", false},
        Row{"spiffe://Example.org/a", false}, Row{"spiffe://example.org:8080/a", false},
        Row{"spiffe://user@example.org/a", false}, Row{"spiffe://example.org/a?b=c", false},
        Row{"spiffe://example.org/a#b", false}, Row{"spiffe://example.org/%61", false},
        Row{"spiffe://example.org/ä", false},
        Row{std::string{"spiffe://example.org/a\0b", 24}, false},
        Row{"https://example.org/a", false}, Row{"", false},
        Row{"spiffe://" + std::string(255, 'a') + "/x", true},
        Row{"spiffe://" + std::string(256, 'a') + "/x", false},
        Row{"spiffe://a/" + std::string(2'048 - 11, 'a'), true},
        Row{"spiffe://a/" + std::string(2'048 - 10, 'a'), false});
    CAPTURE(row.uri);

    const auto id = SpiffeId::parse(row.uri);

    CHECK(id.has_value() == row.is_good);
    if (id) {
        CHECK(id->to_string() == row.uri);
    } else {
        CHECK(id.error().code == Errc::malformed);
    }
}

TEST_CASE("the first mapping that fits names the source", "[security][spiffe]")
{
    std::vector<SourceMapping> mappings;
    for (const auto* line :
         {"spiffe://example.org/teg=teg-layer-a", "spiffe://example.org/ns/*/registry=registry-*",
          "spiffe://example.org/svc/*=*", "spiffe://other.org/*=other"}) {
        mappings.push_back(*SourceMapping::parse(line));
    }
    const auto source = [&](const char* uri) { return source_of(*SpiffeId::parse(uri), mappings); };

    CHECK(source("spiffe://example.org/teg") == "teg-layer-a");
    CHECK(source("spiffe://example.org/teg/x") == "spiffe://example.org/teg/x");
    CHECK(source("spiffe://example.org/ns/eu/registry") == "registry-eu");
    CHECK(source("spiffe://example.org/ns/registry") == "spiffe://example.org/ns/registry");
    CHECK(source("spiffe://example.org/svc/a/b") == "a/b");
    CHECK(source("spiffe://other.org/whoever") == "other");
}

TEST_CASE("a mapping that could be misread is refused", "[security][spiffe]")
{
    const auto* line = GENERATE("", "spiffe://a/b", "spiffe://a/b=", "https://a/b=c",
                                "spiffe://a/*/*=x", "spiffe://a/b=*", "spiffe://a/*=*-*");
    CAPTURE(line);

    const auto mapping = SourceMapping::parse(line);

    REQUIRE(!mapping);
    CHECK(mapping.error().code == Errc::malformed);
}
