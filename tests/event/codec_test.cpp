#include "core/base/encoding.hpp"
#include "core/event/codec.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;
using namespace sealstream::testing;

TEST_CASE("every event comes back from its record, and encodes to the same bytes",
          "[event][property]")
{
    auto random = random_generator(1);
    for (const auto kind : {CodecKind::canonical_json, CodecKind::deterministic_cbor}) {
        std::size_t lost = 0;
        for (int round = 0; round < 4000; ++round) {
            const Event event = random_event(random);

            const Bytes record = codec(kind).encode(event);
            const auto decoded = decode_record(record);

            if (!decoded || *decoded != event || codec(kind).encode(*decoded) != record) {
                ++lost;
                UNSCOPED_INFO(name(kind) << (decoded ? " differs" : describe(decoded.error()))
                                         << " " << to_hex(record));
            }
        }
        CHECK(lost == 0);
    }
}

TEST_CASE("no altered byte of a record goes unnoticed", "[event][property]")
{
    auto random = random_generator(2);
    for (const auto kind : {CodecKind::canonical_json, CodecKind::deterministic_cbor}) {
        std::size_t accepted = 0;
        std::size_t unfaithful = 0;
        std::size_t unchanged = 0;
        for (int round = 0; round < 20; ++round) {
            const Event event = random_event(random);
            const Bytes record = codec(kind).encode(event);
            for (std::size_t at = 0; at < record.size(); ++at) {
                Bytes altered = record;
                altered[at] ^= static_cast<std::byte>(1U << (random() % 8));

                const auto decoded = decode_record(altered);

                if (decoded) {
                    // What is accepted is another event, told by exactly these bytes.
                    ++accepted;
                    unchanged += *decoded == event ? 1U : 0U;
                    unfaithful += codec(kind).encode(*decoded) != altered ? 1U : 0U;
                }
            }
        }
        CHECK(accepted > 0);
        CHECK(unchanged == 0);
        CHECK(unfaithful == 0);
    }
}

TEST_CASE("a record that is cut short or has a tail is refused", "[event]")
{
    auto random = random_generator(3);
    const Event event = random_event(random);
    for (const auto kind : {CodecKind::canonical_json, CodecKind::deterministic_cbor}) {
        const Bytes record = codec(kind).encode(event);
        std::size_t accepted = 0;
        for (std::size_t size = 0; size < record.size(); ++size) {
            accepted += decode_record(ByteView{record}.first(size)) ? 1U : 0U;
        }
        CHECK(accepted == 0);
        for (const auto tail : {std::byte{0}, std::byte{' '}, std::byte{'}'}, std::byte{'\n'}}) {
            Bytes longer = record;
            longer.push_back(tail);
            const auto decoded = decode_record(longer);
            REQUIRE(!decoded);
            CHECK(decoded.error().code == Errc::malformed);
        }
    }
}

TEST_CASE("codecs have names", "[event]")
{
    for (const auto kind : {CodecKind::canonical_json, CodecKind::deterministic_cbor}) {
        CHECK(*parse_codec(name(kind)) == kind);
        CHECK(codec(kind).kind() == kind);
    }
    REQUIRE(!parse_codec("yaml"));
    CHECK(parse_codec("yaml").error().code == Errc::malformed);
}
