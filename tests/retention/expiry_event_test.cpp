#include "core/event/canonical_scan.hpp"
#include "core/retention/expiry_event.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

using namespace sealstream;
using namespace sealstream::testing;

TEST_CASE("the event says which key is gone, and its stream is that of the class", "[retention]")
{
    const std::string key = "ops.days_30/2026-11-30T10:00:00Z/2026-11-30T11:00:00Z";
    const auto destroyed = *from_rfc3339("2026-12-30T11:00:05Z");
    const auto stream = expiry_stream(key);
    const auto draft = expiry_draft(sample_draft(1).id, key, destroyed, Position{7});
    REQUIRE(stream.has_value());
    REQUIRE(draft.has_value());
    CHECK(stream->to_string() == "sealstream-retention/ops.days_30");
    CHECK(draft->type == "retention.expired");
    CHECK(is_canonical_json(draft->data));
    CHECK(
        draft->data ==
        R"({"class":"ops.days_30","destroyed":"2026-12-30T11:00:05Z","from":"2026-11-30T10:00:00Z",)"
        R"("key":"ops.days_30/2026-11-30T10:00:00Z/2026-11-30T11:00:00Z","through":"7",)"
        R"("until":"2026-11-30T11:00:00Z"})");

    Event event{*draft, *stream, Version{1}, std::nullopt, std::nullopt};
    CHECK(expired_key(event) == key);
    event.stream.type = "retention"; // anybody may append to that
    CHECK_FALSE(expired_key(event).has_value());
    event.stream = *stream;
    event.draft.type = "retention.held";
    CHECK_FALSE(expired_key(event).has_value());
    event.draft.type = draft->type;
    event.draft.data = "null";
    CHECK_FALSE(expired_key(event).has_value());
}

TEST_CASE("of what is no key of a class nothing can be said", "[retention]")
{
    CHECK(expiry_stream("subject/4711").error().code == Errc::malformed);
    CHECK(expiry_draft(EventId{}, "", WallTime{}, Position{}).error().code == Errc::malformed);
}
