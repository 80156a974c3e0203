// The frozen texts of tests/vectors/payload, made by an implementation that shares nothing with
// ours (tests/vectors/make_payload.py), and everything that must not decrypt.

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/codec.hpp"
#include "core/event/payload_cipher.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/source_files.hpp"

#include <random>

using namespace sealstream;
using namespace sealstream::testing;

namespace {

std::string text_at(const boost::json::object& fields, std::string_view name)
{
    const auto* const value = fields.if_contains({name.data(), name.size()});
    return value == nullptr ? std::string{} : std::string{value->as_string().c_str()};
}

template <std::size_t Size>
std::array<std::byte, Size> exactly(const Bytes& bytes)
{
    REQUIRE(bytes.size() == Size);
    std::array<std::byte, Size> exact{};
    std::copy(bytes.begin(), bytes.end(), exact.begin());
    return exact;
}

Bytes hex_at(const boost::json::object& fields, std::string_view name)
{
    const auto bytes = from_hex(text_at(fields, name));
    REQUIRE(bytes.has_value());
    return *bytes;
}

Event event_of(const boost::json::object& fields)
{
    Event event;
    event.draft.id = *EventId::parse(text_at(fields, "id"));
    event.draft.type = text_at(fields, "type");
    event.draft.source = "test";
    event.draft.data = *canonical_json(text_at(fields, "data"));
    event.draft.meta = text_at(fields, "meta");
    event.stream = *StreamName::parse(text_at(fields, "stream"));
    event.version = Version{1};
    return event;
}

PayloadKey key_named(std::string name, std::uint8_t first = 1)
{
    PayloadKey key{std::move(name), {}};
    key.secret.fill(std::byte{first});
    return key;
}

Event encrypted(Event event, const PayloadKey& key)
{
    encrypt_payload(event.draft, event.stream, key);
    return event;
}

bool is_refused_as_corrupt(Event event, const PayloadKey& key)
{
    const auto decrypted = decrypt_payload(event, key);
    return !decrypted && decrypted.error().code == Errc::corrupt;
}

} // namespace

TEST_CASE("AES-256-GCM makes the published texts, and opens them", "[event][vectors]")
{
    const auto vectors = *parse_json(read_source_file("tests/vectors/payload/aes_gcm.json"));
    for (const auto& vector : vectors.as_array()) {
        const auto& fields = vector.as_object();
        const auto key = exactly<aes_key_size>(hex_at(fields, "key"));
        const auto nonce = exactly<aes_nonce_size>(hex_at(fields, "nonce"));
        const Bytes context = hex_at(fields, "context");
        INFO(text_at(fields, "text"));

        CHECK(to_hex(aes_gcm_encrypt(key, nonce, context, hex_at(fields, "clear"))) ==
              text_at(fields, "text"));
        const auto clear = aes_gcm_decrypt(key, nonce, context, hex_at(fields, "text"));
        REQUIRE(clear.has_value());
        CHECK(*clear == hex_at(fields, "clear"));
    }
}

TEST_CASE("a keyed hash is the one of RFC 4231", "[event][vectors]")
{
    CHECK(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?")).view()) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    const Bytes longer_than_a_block(131, std::byte{0xaa});
    CHECK(to_hex(hmac_sha256(longer_than_a_block,
                             as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))
                     .view()) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("payloads are encrypted to exactly the frozen texts, and come back", "[event][vectors]")
{
    for (const char* const name : {"plain", "with_meta", "empty", "long"}) {
        INFO(name);
        const auto vector =
            *parse_json(read_source_file(std::string{"tests/vectors/payload/"} + name + ".json"));
        const auto& fields = vector.as_object();
        const PayloadKey key{text_at(fields, "key"), exactly<32>(hex_at(fields, "secret"))};
        const Event clear = event_of(fields);

        Event event = encrypted(clear, key);

        CHECK(event.draft.data == text_at(fields, "encrypted"));
        CHECK(event.draft.meta.empty());
        CHECK(payload_key_of(event.draft.data) == key.name);
        CHECK(is_reserved_data(event.draft.data));
        REQUIRE(decrypt_payload(event, key).has_value());
        CHECK(event == clear);
    }
}

TEST_CASE("any event comes back through both codecs, and the same event is the same text",
          "[event][property]")
{
    auto random = random_generator(62);
    const PayloadKey key = key_named("ops.short/2026-11-30T10:00:00Z/2026-11-30T10:00:01Z");
    for (int round = 0; round < 200; ++round) {
        Event clear = random_event(random);
        clear.prev_hash.reset(); // hashes are made after the encryption
        clear.hash.reset();
        const Event event = encrypted(clear, key);
        CHECK(encrypted(clear, key) == event);
        for (const auto kind : {CodecKind::canonical_json, CodecKind::deterministic_cbor}) {
            const Bytes record = codec(kind).encode(event);
            auto read = decode_record(record);
            REQUIRE(read.has_value());
            CHECK(*read == event);
            REQUIRE(decrypt_payload(*read, key).has_value());
            CHECK(*read == clear);
        }
    }
}

TEST_CASE("no altered letter, other event or other key opens a payload", "[event][negative]")
{
    const PayloadKey key = key_named("a.b/x/y");
    Event one = sample_event(1);
    one.draft.meta = R"({"category":"user"})";
    const Event event = encrypted(one, key);

    std::size_t wrongly_opened = 0;
    for (std::size_t at = 0; at < event.draft.data.size(); ++at) {
        for (const char other : {'A', 'B', '0', '"', '}', ' '}) {
            Event altered = event;
            if (altered.draft.data[at] == other) {
                continue;
            }
            altered.draft.data[at] = other;
            wrongly_opened += is_refused_as_corrupt(altered, key) ? 0U : 1U;
        }
        Event cut = event;
        cut.draft.data.resize(at);
        wrongly_opened += is_refused_as_corrupt(cut, key) ? 0U : 1U;
    }
    CHECK(wrongly_opened == 0);

    Event swapped = encrypted(sample_event(2), key);
    swapped.draft.data = event.draft.data;
    CHECK(is_refused_as_corrupt(swapped, key));
    Event moved = event;
    moved.stream.id += "x";
    CHECK(is_refused_as_corrupt(moved, key));
    Event renamed = event;
    renamed.draft.type += "x";
    CHECK(is_refused_as_corrupt(renamed, key));
    Event with_meta = event;
    with_meta.draft.meta = "{}";
    CHECK(is_refused_as_corrupt(with_meta, key));
    CHECK(is_refused_as_corrupt(event, key_named("a.b/x/y", 2)));
    CHECK(is_refused_as_corrupt(event, key_named("a.b/x/z")));
    CHECK(is_refused_as_corrupt(sample_event(1), key));
}

TEST_CASE("what only looks like an encrypted payload is none", "[event][negative]")
{
    const std::string real = encrypted(sample_event(1), key_named("a/b/c")).draft.data;
    REQUIRE(payload_key_of(real).has_value());
    for (const std::string& data :
         {std::string{"null"}, std::string{R"({"$encrypted":5})"},
          R"({"$encrypted":{}})" + std::string{}, real.substr(0, real.size() - 1), " " + real,
          real + " ", R"({"a":)" + real + "}"}) {
        INFO(data);
        CHECK_FALSE(payload_key_of(data).has_value());
    }
    CHECK(is_reserved_data(R"({"$encrypted":5})"));
    CHECK_FALSE(is_reserved_data(R"({"a":1,"$encrypted":5})"));
}

TEST_CASE("a forgotten payload leaves the envelope", "[event]")
{
    Event event = sample_event(1);
    event.draft.meta = R"({"category":"user"})";
    Event expected = event;
    expected.draft.data = "null";
    expected.draft.meta.clear();
    expected.is_expired = true;
    expire_payload(event);
    CHECK(event == expected);
}
