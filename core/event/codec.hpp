#pragma once

// The record: the exact bytes of an event. Two codecs behind one interface, chosen per ledger.
// Bytes, not structures, are hashed; so decoding is strict, and what was decoded encodes to the
// same bytes again. The formats are in docs/record.md and frozen in tests/vectors.

#include "core/event/event.hpp"

#include <string_view>

namespace sealstream {

enum class CodecKind : std::uint8_t { canonical_json, deterministic_cbor };

class RecordCodec {
public:
    virtual ~RecordCodec() = default;
    [[nodiscard]] virtual CodecKind kind() const noexcept = 0;

    [[nodiscard]] virtual Bytes encode(const Event& event) const = 0;

    //   malformed and the other input codes   not a record of this codec, or not in its one
    //   canonical form corrupt                               the payload contradicts the digest
    //   beside it (CBOR)
    [[nodiscard]] virtual Result<Event> decode(ByteView record) const = 0;
};

[[nodiscard]] const RecordCodec& codec(CodecKind kind);

// Tells the codec from the first byte ('{' is JSON), so that readers need no configuration.
[[nodiscard]] Result<Event> decode_record(ByteView record);

[[nodiscard]] Result<CodecKind> parse_codec(std::string_view name); // "json", "cbor"
[[nodiscard]] std::string_view name(CodecKind kind);

} // namespace sealstream
