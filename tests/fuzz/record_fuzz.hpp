#pragma once

// What holds for any bytes taken as a record: refused, or an event that these very bytes tell.

#include "core/base/check.hpp"
#include "core/event/codec.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace sealstream::fuzz {

inline void check_record(ByteView record, CodecKind kind)
{
    const auto event = codec(kind).decode(record);
    if (!event) {
        return;
    }
    const Bytes encoded = codec(kind).encode(*event);
    SEAL_CHECK(as_text(encoded) == as_text(record), "an accepted record encodes to the same bytes");
    const CodecKind other = kind == CodecKind::canonical_json ? CodecKind::deterministic_cbor
                                                              : CodecKind::canonical_json;
    const auto translated = decode_record(codec(other).encode(*event));
    SEAL_CHECK(translated.has_value() && *translated == *event, "the other codec says the same");
}

} // namespace sealstream::fuzz
