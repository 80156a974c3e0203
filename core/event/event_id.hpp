#pragma once

// The identity of an event: a UUID (RFC 9562). Version 7 by default, so that ids sort by time;
// clients may bring their own of any version. Written as 8-4-4-4-12 lower-case hexadecimal digits.

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

namespace sealstream {

struct EventId {
    std::array<std::byte, 16> bytes{};

    friend constexpr auto operator<=>(const EventId&, const EventId&) = default;

    // Accepts upper case too.
    //   malformed   not 8-4-4-4-12 hexadecimal digits
    [[nodiscard]] static Result<EventId> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
};

// Makes version 7 ids: 48 bits of milliseconds, then 12 bits that count up within one millisecond,
// then 62 random bits (RFC 9562, 6.2, method 1). Ids of one source ascend strictly, even when the
// clock goes back.
class EventIdSource {
public:
    explicit EventIdSource(const Clock& clock) : clock_{clock} {}
    [[nodiscard]] EventId next();

private:
    const Clock& clock_;
    std::int64_t last_ms_{0};
    std::uint32_t count_{0};
};

// The id of an event whose key is the client's: a UUID version 8 (RFC 9562, 5.8) from
// SHA-256("sealstream/idempotency-key/v1" 00, u32 length,
// source, u32 length, key), first 16 bytes, with version and variant set; integers big endian.
[[nodiscard]] EventId id_of_key(std::string_view source, std::string_view key);

} // namespace sealstream

template <>
struct std::hash<sealstream::EventId> {
    std::size_t operator()(const sealstream::EventId& id) const noexcept
    {
        return std::hash<std::string_view>{}(
            {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
    }
};
