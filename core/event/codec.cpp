#include "core/event/codec.hpp"

#include "core/event/record_codecs.hpp"

#include <limits>

namespace sealstream {

namespace {

constexpr auto version_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

// Whole years that 64 bits of nanoseconds hold, as in from_rfc3339: 1678 to 2261.
constexpr WallTime time_begin{-9'214'560'000'000'000'000};
constexpr WallTime time_end{9'214'646'400'000'000'000};

} // namespace

const RecordCodec& codec(CodecKind kind)
{
    static const JsonRecordCodec json;
    static const CborRecordCodec cbor;
    if (kind == CodecKind::deterministic_cbor) {
        return cbor;
    }
    return json;
}

Result<Event> decode_record(ByteView record)
{
    if (record.empty()) {
        return Error{Errc::malformed, "an empty record"};
    }
    if (record.front() == std::byte{'{'}) {
        return codec(CodecKind::canonical_json).decode(record);
    }
    // RFC 8949, 3.1: the top three bits of a map are 101.
    if ((record.front() & std::byte{0xe0}) == std::byte{0xa0}) {
        return codec(CodecKind::deterministic_cbor).decode(record);
    }
    return Error{Errc::malformed, "neither a JSON record nor a CBOR record"};
}

Result<CodecKind> parse_codec(std::string_view name)
{
    if (name == "json") {
        return CodecKind::canonical_json;
    }
    if (name == "cbor") {
        return CodecKind::deterministic_cbor;
    }
    return Error{Errc::malformed, "a codec is \"json\" or \"cbor\""};
}

std::string_view name(CodecKind kind)
{
    switch (kind) {
    case CodecKind::canonical_json:
        return "json";
    case CodecKind::deterministic_cbor:
        return "cbor";
    }
    return {};
}

Result<void> check_decoded(const Event& event)
{
    const Draft& draft = event.draft;
    if (auto checked = check_event_type(draft.type); !checked) {
        return with_context(checked.error(), "type");
    }
    if (auto checked = check_label(draft.source); !checked) {
        return with_context(checked.error(), "source");
    }
    if (event.version.value == 0 || event.version.value > version_max) {
        return Error{Errc::malformed, "versions count from 1 to 2^63-1"};
    }
    if (draft.time && (*draft.time < time_begin || *draft.time >= time_end)) {
        return Error{Errc::malformed, "a time outside the years 1678 to 2261"};
    }
    if (event.hash.has_value() != event.prev_hash.has_value()) {
        return Error{Errc::malformed, "hash and prev_hash stand together"};
    }
    return {};
}

} // namespace sealstream
