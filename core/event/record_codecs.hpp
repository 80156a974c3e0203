#pragma once

// The two codecs of codec.hpp. Callers use codec() and decode_record().

#include "core/event/codec.hpp"

namespace sealstream {

inline constexpr std::uint64_t record_format = 1;

class JsonRecordCodec final : public RecordCodec {
public:
    [[nodiscard]] CodecKind kind() const noexcept override { return CodecKind::canonical_json; }
    [[nodiscard]] Bytes encode(const Event& event) const override;
    [[nodiscard]] Result<Event> decode(ByteView record) const override;
};

class CborRecordCodec final : public RecordCodec {
public:
    [[nodiscard]] CodecKind kind() const noexcept override { return CodecKind::deterministic_cbor; }
    [[nodiscard]] Bytes encode(const Event& event) const override;
    [[nodiscard]] Result<Event> decode(ByteView record) const override;
};

// What both decoders ask of the fields that every record has; the optional ones are checked where
// they are read.
//   bad_name    type or source breaks the naming rules
//   malformed   version 0, a time outside the years 1678 to 2261, or one hash without the other
[[nodiscard]] Result<void> check_decoded(const Event& event);

} // namespace sealstream
