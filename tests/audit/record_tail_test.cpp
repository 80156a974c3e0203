#include "audit/record_tail.hpp"
#include "audit/sealer.hpp"
#include "core/event/codec.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

bool is_like(const RecordTail& tail, const RecordFacts& facts)
{
    return tail.salt == facts.salt && tail.stream == facts.stream &&
           tail.version == facts.version && tail.is_chained == facts.is_chained;
}

} // namespace

TEST_CASE("the tail of a record says what decoding it says", "[audit][property]")
{
    auto random = random_generator(0x7a11);
    std::size_t wrong = 0;
    std::size_t found = 0;
    for (int round = 0; round < 4'000; ++round) {
        Event event = random_event(random);
        // What a member of the record looks like, where it is none.
        if (round % 4 == 0) {
            event.draft.data =
                R"({"id":"x","salt":"y","source":"z","stream":"a/b","v":1,"version":"7"})";
            event.draft.source = R"(x","stream":"deal/9)";
            event.stream.id = R"(1","v":1,"version":"9)";
        }
        for (const auto kind : {CodecKind::canonical_json, CodecKind::deterministic_cbor}) {
            const Bytes record = codec(kind).encode(event);
            const auto facts = read_facts(record);
            REQUIRE(facts.has_value());
            const auto tail = read_tail(record);
            found += tail ? 1U : 0U;
            EventId other = facts->id;
            other.bytes[static_cast<std::size_t>(round) % 16] ^= std::byte{1};
            wrong += has_id(record, facts->id) && !has_id(record, other) ? 0U : 1U;
            wrong += tail && !is_like(*tail, *facts) ? 1U : 0U;
        }
    }
    CHECK(wrong == 0);
    CHECK(found > 4'000); // names with escapes are left to the decoder
}

TEST_CASE("what is not a record has no tail, or not a readable one", "[audit]")
{
    CHECK(!read_tail({}));
    CHECK(!read_tail(as_bytes("{}")));
    CHECK(!read_tail(as_bytes("garbage")));
    const Bytes record = codec(CodecKind::canonical_json).encode(sample_event(1));
    REQUIRE(read_tail(record).has_value());
    for (std::size_t size = 0; size < record.size(); ++size) {
        REQUIRE(!read_tail(ByteView{record}.first(size)));
    }
    const Bytes cbor = codec(CodecKind::deterministic_cbor).encode(sample_event(1));
    REQUIRE(read_tail(cbor).has_value());
    for (std::size_t size = 0; size < cbor.size(); ++size) {
        REQUIRE(!read_tail(ByteView{cbor}.first(size)));
    }
}
