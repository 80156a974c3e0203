#include "core/event/append_plan.hpp"
#include "core/event/codec.hpp"
#include "core/event/stream_chain.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

#include <functional>
#include <set>

using namespace sealstream;
using namespace sealstream::testing;

namespace {

Event full_event()
{
    Event event = sample_event(7);
    event.draft.actor = "ab";
    event.draft.key = "cd";
    event.draft.meta = "{}";
    event.draft.time = WallTime{5};
    event.version = Version{3};
    return event;
}

} // namespace

TEST_CASE("every field of an event changes its hash", "[event]")
{
    const std::vector<std::function<void(Event&)>> changes{
        [](Event&) {},
        [](Event& event) { event.version = Version{4}; },
        [](Event& event) { event.stream.id = "two"; },
        [](Event& event) { event.stream.type = "other"; },
        [](Event& event) { event.draft.type = "OtherHappened"; },
        [](Event& event) { event.draft.id.bytes[15] ^= std::byte{1}; },
        [](Event& event) { event.draft.source = "other"; },
        [](Event& event) { event.draft.actor.clear(); },
        [](Event& event) { event.draft.time = WallTime{6}; },
        [](Event& event) { event.draft.time.reset(); },
        [](Event& event) { event.draft.key.clear(); },
        [](Event& event) { event.draft.salt[0] ^= std::byte{1}; },
        [](Event& event) { event.draft.data = "1"; },
        [](Event& event) { event.draft.meta.clear(); },
        // The same bytes in other fields.
        [](Event& event) {
            event.draft.actor = "a";
            event.draft.key = "bcd";
        },
        [](Event& event) { std::swap(event.draft.actor, event.draft.key); },
        [](Event& event) { std::swap(event.draft.data, event.draft.meta); },
    };
    std::set<Digest> hashes;
    for (const auto& change : changes) {
        Event event = full_event();
        change(event);
        hashes.insert(chain_hash(event, chain_start));
    }
    CHECK(hashes.size() == changes.size());
    CHECK(!hashes.contains(chain_hash(full_event(), sha256(as_bytes("before")))));
}

TEST_CASE("sealed events follow their stream's head", "[event]")
{
    StreamHead head{Version{4}, Position{9}, sha256(as_bytes("before"))};
    const Digest before = head.hash;
    const StreamAppend append{
        {"deal", "1"}, {}, {sample_draft(1), sample_draft(2), sample_draft(3)}};

    const auto events = seal(append, head, true);

    REQUIRE(events.size() == 3);
    Digest previous = before;
    for (std::size_t at = 0; at < events.size(); ++at) {
        CHECK(events[at].version.value == 5 + at);
        CHECK(events[at].draft == append.drafts[at]);
        CHECK(events[at].stream == append.stream);
        CHECK(check_chain(events[at], previous).has_value());
        previous = *events[at].hash;
    }
    CHECK(head == StreamHead{Version{7}, Position{9}, previous});

    StreamHead plain{Version{4}, Position{9}, {}};
    for (const Event& event : seal(append, plain, false)) {
        CHECK(!event.hash.has_value());
        CHECK(!event.prev_hash.has_value());
    }
    CHECK(plain == StreamHead{Version{7}, Position{9}, {}});
}

TEST_CASE("a broken chain is corrupt", "[event]")
{
    Event event = full_event();
    const Digest before = sha256(as_bytes("before"));
    chain(event, before);
    CHECK(check_chain(event, before).has_value());

    Event unchained = event;
    unchained.hash.reset();
    unchained.prev_hash.reset();
    Event edited = event;
    edited.draft.data = R"({"number":8})";
    for (const auto& [broken, previous] :
         {std::pair{unchained, before}, std::pair{edited, before}, std::pair{event, chain_start}}) {
        const auto checked = check_chain(broken, previous);
        REQUIRE(!checked);
        CHECK(checked.error().code == Errc::corrupt);
    }
}

TEST_CASE("a policy chains the stream types that it names, or all", "[event]")
{
    const ChainPolicy named{false, {"agent", "deal"}};
    CHECK(named.requires_chain("deal"));
    CHECK(named.requires_chain("agent"));
    CHECK(!named.requires_chain("dea"));
    CHECK(!named.requires_chain("deals"));
    CHECK(!ChainPolicy{}.requires_chain("deal"));
    CHECK((ChainPolicy{true, {}}.requires_chain("deal")));
}

TEST_CASE("only the salt may differ between a draft and its repeat", "[event]")
{
    const Draft draft = full_event().draft;
    Draft repeat = draft;
    repeat.salt[3] ^= std::byte{1};
    CHECK(is_same_content(repeat, draft));
    repeat.data = "2";
    CHECK(!is_same_content(repeat, draft));
}
