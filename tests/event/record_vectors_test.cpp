// The frozen bytes of tests/vectors/record, made by an implementation that shares nothing with ours
// (tests/vectors/make_record.py), and the worked example of docs/record.md.

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/codec.hpp"
#include "core/event/stream_chain.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/source_files.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

std::string member_text(const boost::json::object& fields, std::string_view name)
{
    const auto* const value = fields.if_contains({name.data(), name.size()});
    return value == nullptr ? std::string{} : std::string{value->as_string().c_str()};
}

template <std::size_t Size>
std::array<std::byte, Size> bytes_at(const boost::json::object& fields, std::string_view name)
{
    const auto bytes = from_hex(member_text(fields, name));
    std::array<std::byte, Size> exact{};
    REQUIRE(bytes.has_value());
    REQUIRE(bytes->size() == Size);
    std::copy(bytes->begin(), bytes->end(), exact.begin());
    return exact;
}

Event event_in(const boost::json::object& fields)
{
    Event event;
    Draft& draft = event.draft;
    draft.id = *EventId::parse(member_text(fields, "id"));
    draft.type = member_text(fields, "type");
    draft.source = member_text(fields, "source");
    draft.actor = member_text(fields, "actor");
    draft.key = member_text(fields, "key");
    draft.data = *canonical_json(member_text(fields, "data_source"));
    draft.salt = bytes_at<32>(fields, "salt");
    if (fields.contains("meta_source")) {
        draft.meta = *canonical_json(member_text(fields, "meta_source"));
    }
    if (fields.contains("time")) {
        draft.time = WallTime{std::stoll(member_text(fields, "time"))};
    }
    event.stream = *StreamName::parse(member_text(fields, "stream"));
    event.version = Version{*parse_place(member_text(fields, "version"))};
    if (fields.contains("prev_hash")) {
        chain(event, Digest{bytes_at<32>(fields, "prev_hash")});
    }
    return event;
}

// The first fenced block after `heading` in a Markdown text, without line breaks.
std::string block_after(const std::string& text, const std::string& heading)
{
    const std::size_t fence = text.find("```", text.find(heading));
    REQUIRE(fence != std::string::npos);
    const std::size_t begin = text.find('\n', fence) + 1;
    std::string block = text.substr(begin, text.find("```", begin) - begin);
    std::erase(block, '\n');
    return block;
}

} // namespace

TEST_CASE("events make exactly the frozen bytes, and come back from them", "[event][vectors]")
{
    for (const char* const name : {"example", "minimal", "full", "numbers", "texts", "nested"}) {
        INFO(name);
        const auto vector =
            *parse_json(read_source_file(std::string{"tests/vectors/record/"} + name + ".json"));
        const auto& fields = vector.at("fields").as_object();

        const Event event = event_in(fields);

        CHECK(event.draft.data == member_text(fields, "data"));
        CHECK(event.draft.meta == member_text(fields, "meta"));
        if (event.hash) {
            CHECK(to_hex(event.hash->view()) == member_text(fields, "hash"));
        }
        for (const auto& [kind, member] :
             {std::pair{CodecKind::canonical_json, "json_record"},
              std::pair{CodecKind::deterministic_cbor, "cbor_record"}}) {
            INFO(member);
            const std::string frozen = member_text(vector.as_object(), member);
            CHECK(to_hex(codec(kind).encode(event)) == frozen);
            const auto decoded = decode_record(*from_hex(frozen));
            INFO((decoded ? "" : describe(decoded.error())));
            REQUIRE(decoded.has_value());
            CHECK(*decoded == event);
        }
    }
}

TEST_CASE("the worked example of docs/record.md is a record in both codecs", "[event][vectors]")
{
    const std::string document = read_source_file("docs/record.md");
    const std::string json = block_after(document, "As JSON");
    const std::string cbor_hex = block_after(document, "As CBOR");

    const auto from_json = decode_record(as_bytes(json));
    const auto from_cbor = decode_record(*from_hex(cbor_hex));

    INFO((from_json ? "" : describe(from_json.error())));
    REQUIRE(from_json.has_value());
    INFO((from_cbor ? "" : describe(from_cbor.error())));
    REQUIRE(from_cbor.has_value());
    CHECK(*from_json == *from_cbor);
    CHECK(from_json->draft.type == "TokensTransferred");
    CHECK(check_chain(*from_json, chain_start).has_value());
    CHECK(document.find(to_hex(from_json->hash->view())) != std::string::npos);
}
