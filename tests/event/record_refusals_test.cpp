// What the decoders refuse: each row is one change to a good record, and the code that it must
// bring.

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/cbor.hpp"
#include "core/event/codec.hpp"
#include "core/event/stream_chain.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

Event good_event()
{
    Event event = sample_event(1);
    event.draft.actor = "me";
    event.draft.key = "k-1";
    event.draft.meta = R"({"a":1})";
    event.draft.time = WallTime{1'766'570'400'500'000'000};
    chain(event, chain_start);
    return event;
}

std::string good_json()
{
    return std::string{as_text(codec(CodecKind::canonical_json).encode(good_event()))};
}

std::string replaced(std::string text, std::string_view from, std::string_view to)
{
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string good_cbor_hex()
{
    return to_hex(codec(CodecKind::deterministic_cbor).encode(good_event()));
}

} // namespace

TEST_CASE("a JSON record is refused for whatever is not as written", "[event]")
{
    struct Row {
        const char* name;
        std::string from;
        std::string to;
        Errc code;
    };
    const std::string version = R"("version":"1"})";
    const std::vector<Row> rows{
        {"an unknown member", R"("source":)", R"("sauce":1,"source":)", Errc::malformed},
        {"a missing member", R"("v":1,)", "", Errc::malformed},
        {"another format", R"("v":1)", R"("v":2)", Errc::malformed},
        {"a version as a number", version, R"("version":1})", Errc::malformed},
        {"a version with a zero in front", version, R"("version":"01"})", Errc::malformed},
        {"version 0", version, R"("version":"0"})", Errc::malformed},
        {"a version above 2^63-1", version, R"("version":"9223372036854775808"})", Errc::malformed},
        {"white space", R"("v":1)", R"("v": 1)", Errc::malformed},
        {"a useless escape", R"("actor":"me")", R"("actor":"\u006de")", Errc::malformed},
        {"data out of order", R"({"number":1})", R"({"number":1,"a":2})", Errc::malformed},
        {"data with a duplicate", R"({"number":1})", R"({"number":1,"number":1})", Errc::malformed},
        {"a number spelled otherwise", R"({"number":1})", R"({"number":1.0})", Errc::malformed},
        {"a number beyond a double", R"({"number":1})", R"({"number":1e+309})", Errc::malformed},
        {"meta that is no object", R"("meta":{"a":1})", R"("meta":[1])", Errc::malformed},
        {"an id in upper case", "-0000-0000-0000-0000000", "-0000-0000-0000-00000A0",
         Errc::malformed},
        {"a time with an offset", R"(:00.5Z")", R"(:00.5+00:00")", Errc::malformed},
        {"a time with useless zeros", R"(:00.5Z")", R"(:00.50Z")", Errc::malformed},
        {"a hash in upper case", R"("prev_hash":"00)", R"("prev_hash":"0A)", Errc::malformed},
        {"a hash cut short", R"("prev_hash":"00)", R"("prev_hash":")", Errc::malformed},
        {"a salt cut short", R"("salt":"AAAA)", R"("salt":")", Errc::malformed},
        {"a salt in the other alphabet", R"("salt":"AA)", R"("salt":"A+)", Errc::malformed},
        {"an empty actor", R"("actor":"me")", R"("actor":"")", Errc::bad_name},
        {"an actor with a control character", R"("actor":"me")", R"("actor":"\n")", Errc::bad_name},
        {"an empty key", R"("key":"k-1")", R"("key":"")", Errc::bad_name},
        {"an empty source", R"("source":"sample-service")", R"("source":"")", Errc::bad_name},
        {"a stream without an id", R"("stream":"sample/one")", R"("stream":"sample")",
         Errc::bad_name},
        {"a stream type in upper case", R"("sample/one")", R"("Sample/one")", Errc::bad_name},
        {"a type with a space", R"("SampleHappened")", R"("Sample Happened")", Errc::bad_name},
        {"invalid UTF-8", R"("actor":"me")", "\"actor\":\"m\xff\"", Errc::malformed},
    };
    CHECK(decode_record(as_bytes(good_json())).has_value());
    for (const Row& row : rows) {
        INFO(row.name);
        const auto decoded = decode_record(as_bytes(replaced(good_json(), row.from, row.to)));
        REQUIRE(!decoded);
        CHECK(name(decoded.error().code) == name(row.code));
        CHECK(!decoded.error().context.empty());
    }
}

TEST_CASE("a JSON record has both hashes or none", "[event]")
{
    const std::string record = good_json();
    const std::size_t begin = record.find(",\"prev_hash\"");
    std::string halved = record;
    halved.erase(begin, record.find(",\"salt\"") - begin);
    const auto decoded = decode_record(as_bytes(halved));
    REQUIRE(!decoded);
    CHECK(decoded.error().code == Errc::malformed);
}

TEST_CASE("a CBOR record is refused for whatever is not as written", "[event]")
{
    struct Row {
        const char* name;
        std::string from; // hexadecimal
        std::string to;
        Errc code;
    };
    // Data {"number":1} is a1 66 6e756d626572 01, followed by its digest under key 9.
    const std::string data = "a1666e756d62657201";
    const std::string digest_field = "095820" + to_hex(blake3(*from_hex(data)).view());
    const auto with_data = [&data](const std::string& item) {
        return "08" + item + "095820" + to_hex(blake3(*from_hex(item)).view());
    };
    const std::string good_data = "08" + data + digest_field;
    const std::vector<Row> rows{
        {"another data than the digest's", "08" + data, "08a1666e756d62657202", Errc::corrupt},
        {"another digest", digest_field.substr(0, 12), "09582000", Errc::malformed},
        {"a format we do not know", "af000101", "af000201", Errc::malformed},
        {"a field too few", "af0001", "ae0001", Errc::malformed},
        {"a field too many", "af0001", "b00001", Errc::malformed},
        {"a map of indefinite length", "af0001", "bf0001", Errc::malformed},
        {"not a map", "af0001", "8f0001", Errc::malformed},
        {"a number that could be shorter", "0401", "041801", Errc::malformed},
        {"a negative version", "0401", "0420", Errc::malformed},
        {"version 0", "0401", "0400", Errc::malformed},
        {"fields out of order", "0401056e", "0501046e", Errc::malformed},
        {"an id of 15 bytes", "0150", "014f", Errc::malformed},
        {"a text that is bytes", "06626d65", "06426d65", Errc::malformed},
        {"a time before 1678", "071b18841e6b6885a500", "073b7fffffffffffffff", Errc::malformed},
        {"an empty actor", "06626d65", "0660", Errc::bad_name},
        {"a control character", "06626d65", "0662010a", Errc::bad_name},
        {"invalid UTF-8", "06626d65", "0662c3ff", Errc::invalid_utf8},
        {"meta that is no map", "0aa1616101", "0a8101", Errc::malformed},
        {"integral float", good_data, with_data("f93c00"), Errc::malformed},
        {"float that fits a half", good_data, with_data("fa3f000000"), Errc::malformed},
        {"float that fits a single", good_data, with_data("fb3ff8000000000000"), Errc::malformed},
        {"infinity", good_data, with_data("f97c00"), Errc::number_out_of_range},
        {"NaN", good_data, with_data("f97e00"), Errc::number_out_of_range},
        {"an integer below -2^63", good_data, with_data("3b8000000000000000"),
         Errc::number_out_of_range},
        {"bytes", good_data, with_data("4101"), Errc::malformed},
        {"a tag", good_data, with_data("c001"), Errc::malformed},
        {"undefined", good_data, with_data("f7"), Errc::malformed},
        {"a simple value", good_data, with_data("f8ff"), Errc::malformed},
        {"an indefinite array", good_data, with_data("9f01ff"), Errc::malformed},
        {"an indefinite text", good_data, with_data("7f6161ff"), Errc::malformed},
        {"a reserved head", good_data, with_data("1c"), Errc::malformed},
        {"a key that is a number", good_data, with_data("a10101"), Errc::malformed},
        {"keys out of order", good_data, with_data("a2616201616102"), Errc::malformed},
        {"longer key first", good_data, with_data("a262616101616202"), Errc::malformed},
        {"a key twice", good_data, with_data("a2616101616101"), Errc::duplicate_key},
        {"a lie about a size", good_data, "085b00ffffffffffffff", Errc::malformed},
        {"a lie about a count", good_data, "089b00ffffffffffffff", Errc::malformed},
    };
    REQUIRE(decode_record(*from_hex(good_cbor_hex())).has_value());
    REQUIRE(decode_record(*from_hex(replaced(good_cbor_hex(), good_data, with_data("f93e00"))))
                .has_value());
    for (const Row& row : rows) {
        INFO(row.name);
        const auto decoded = decode_record(*from_hex(replaced(good_cbor_hex(), row.from, row.to)));
        REQUIRE(!decoded);
        CHECK(name(decoded.error().code) == name(row.code));
    }
}

TEST_CASE("CBOR nests as deep as JSON may, and no deeper", "[event]")
{
    const auto nested = [](std::size_t depth) {
        Bytes bytes(depth, std::byte{0x81});
        bytes.push_back(std::byte{0x01});
        return bytes;
    };
    const Bytes deepest = nested(128);
    CHECK(CborReader{deepest}.value().has_value());
    const Bytes deeper = nested(129);
    const auto refused = CborReader{deeper}.value();
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::too_deep);
}

TEST_CASE("what is neither codec's is malformed", "[event]")
{
    for (const char* const text : {"", "x", "[]", " {}", "\x01", "\xff", "\x80"}) {
        const auto decoded = decode_record(as_bytes(text));
        REQUIRE(!decoded);
        CHECK(decoded.error().code == Errc::malformed);
    }
}
