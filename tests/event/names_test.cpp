#include "core/event/event_id.hpp"
#include "core/event/names.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;

TEST_CASE("names keep their rules", "[event]")
{
    CHECK(check_stream_type("deal").has_value());
    CHECK(check_event_type("v1.package.created").has_value());
    CHECK(check_event_type("TokensTransferred").has_value());
    CHECK(StreamName::parse("agent/did:x/y").has_value());

    for (const auto* bad : {"", "Deal", "a.b", "1a", "a b", "a/b"}) {
        INFO(bad);
        REQUIRE(!check_stream_type(bad).has_value());
        CHECK(check_stream_type(bad).error().code == Errc::bad_name);
    }
    for (const auto* bad : {"", "1a", "a b", "a/b", ".a", "\xc3\xa9"}) {
        INFO(bad);
        CHECK(!check_event_type(bad).has_value());
    }
}

TEST_CASE("text that is not UTF-8, or holds control characters, names nothing", "[event]")
{
    CHECK(check_label("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80").has_value());
    for (const auto* bad : {"a\x01", "\x7f", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80",
                            "\xe0\x80\x80", "\xc2\x80"}) {
        CHECK(!check_label(bad).has_value());
    }
    CHECK(check_label(std::string(256, 'x')).has_value());
    CHECK(!check_label(std::string(257, 'x')).has_value());
}

TEST_CASE("version 7 ids ascend even when the clock goes back", "[event]")
{
    ManualClock clock;
    EventIdSource source{clock};
    EventId last = source.next();
    std::size_t out_of_order = 0;
    for (int round = 0; round < 10'000; ++round) {
        clock.advance(std::chrono::microseconds{round % 7 == 0 ? -500 : 100});
        const EventId next = source.next();
        out_of_order += next <= last ? 1U : 0U;
        last = next;
    }
    CHECK(out_of_order == 0);
    const auto text = last.to_string();
    CHECK(text[14] == '7');
    CHECK(EventId::parse(text).has_value());
    CHECK(*EventId::parse(text) == last);
    CHECK(!EventId::parse("0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c1").has_value());
    CHECK(!EventId::parse("0190d3f2x8c1e-7b60-a9d5-3f4f2b7a9c11").has_value());
}
