// The small readers of text at the border: names, ids, places, times, hexadecimal and Base64.

#include "core/base/check.hpp"
#include "core/base/clock.hpp"
#include "core/base/encoding.hpp"
#include "core/event/canonical_scan.hpp"
#include "core/event/codec.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>

using namespace sealstream;

namespace {

void check_names(std::string_view text)
{
    const auto stream = StreamName::parse(text);
    if (stream) {
        SEAL_CHECK(stream->to_string() == text, "a stream name is its text");
        SEAL_CHECK(check_stream_type(stream->type) && check_label(stream->id),
                   "made of good parts");
    }
    if (check_label(text)) {
        SEAL_CHECK(is_canonical_json('"' + std::string{text} + '"') ||
                       text.find_first_of("\"\\") != std::string_view::npos,
                   "a label is UTF-8 without control characters");
    }
    if (check_ledger(text)) {
        SEAL_CHECK(check_stream_type(text).has_value(), "the rule of ledgers is the narrower one");
    }
    if (check_stream_type(text)) {
        SEAL_CHECK(check_label(text).has_value(), "the rule of stream types is the narrower one");
    }
    if (const auto id = EventId::parse(text)) {
        SEAL_CHECK(*EventId::parse(id->to_string()) == *id, "an id comes back from its text");
    }
    if (const auto place = parse_place(text)) {
        SEAL_CHECK(std::to_string(*place) == text, "a place has one text");
    }
}

void check_encodings(std::string_view text)
{
    const ByteView bytes = as_bytes(text);
    const auto is_same = [bytes](const Result<Bytes>& decoded) {
        return decoded && std::equal(decoded->begin(), decoded->end(), bytes.begin(), bytes.end());
    };
    SEAL_CHECK(is_same(from_hex(to_hex(bytes))), "bytes come back from hexadecimal");
    SEAL_CHECK(is_same(from_base64(to_base64(bytes))), "bytes come back from Base64");
    SEAL_CHECK(is_same(from_base64url(to_base64url(bytes))), "bytes come back from Base64url");
    if (const auto decoded = from_hex(text)) {
        SEAL_CHECK(to_hex(*decoded) == text, "hexadecimal has one form");
    }
    if (const auto decoded = from_base64(text)) {
        SEAL_CHECK(to_base64(*decoded) == text, "Base64 has one form");
    }
    if (const auto decoded = from_base64url(text)) {
        SEAL_CHECK(to_base64url(*decoded) == text, "Base64url has one form");
    }
    if (const auto time = from_rfc3339(text)) {
        const auto again = from_rfc3339(to_rfc3339(*time));
        SEAL_CHECK(again && *again == *time, "a time comes back from its text");
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text = fuzz::text_of(data, size);
    check_names(text);
    check_encodings(text);
    return 0;
}
