#include "core/event/event_id.hpp"

#include "core/event/digest.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::size_t text_size = 36;

// Of a digit in either case; -1 for other letters.
int hex_value_of_any_case(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    const char lower = static_cast<char>(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

} // namespace

Result<EventId> EventId::parse(std::string_view text)
{
    std::array<int, 2 * sizeof(EventId)> digits{};
    std::size_t count = 0;
    bool is_id = text.size() == text_size;
    for (std::size_t at = 0; is_id && at < text_size; ++at) {
        if (at == 8 || at == 13 || at == 18 || at == 23) {
            is_id = text[at] == '-';
        } else {
            digits[count] = hex_value_of_any_case(text[at]);
            is_id = digits[count++] >= 0;
        }
    }
    if (!is_id) {
        return Error{Errc::malformed, "not a UUID such as 0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c11"};
    }
    EventId id;
    for (std::size_t at = 0; at < id.bytes.size(); ++at) {
        id.bytes[at] = static_cast<std::byte>(digits[2 * at] * 16 + digits[2 * at + 1]);
    }
    return id;
}

std::string EventId::to_string() const
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(text_size, '-');
    std::size_t place = 0;
    for (const std::byte value : bytes) {
        place += place == 8 || place == 13 || place == 18 || place == 23 ? 1U : 0U;
        text[place++] = digits[static_cast<std::size_t>(value) >> 4];
        text[place++] = digits[static_cast<std::size_t>(value) & 15];
    }
    return text;
}

EventId EventIdSource::next()
{
    const std::int64_t now_ms = clock_.wall().nanoseconds / 1'000'000;
    if (now_ms > last_ms_) {
        last_ms_ = now_ms;
        count_ = 0;
    } else if (++count_ > 0xfff) {
        ++last_ms_; // the counter is full: borrow the next millisecond
        count_ = 0;
    }
    EventId id;
    fill_random(std::span{id.bytes}.subspan(8));
    for (std::size_t at = 0; at < 6; ++at) {
        id.bytes[at] = static_cast<std::byte>((last_ms_ >> (8 * (5 - at))) & 0xff);
    }
    id.bytes[6] = static_cast<std::byte>(0x70 | (count_ >> 8));
    id.bytes[7] = static_cast<std::byte>(count_ & 0xff);
    id.bytes[8] = (id.bytes[8] & std::byte{0x3f}) | std::byte{0x80};
    return id;
}

EventId id_of_key(std::string_view source, std::string_view key)
{
    using namespace std::string_view_literals;
    Bytes input = to_bytes("sealstream/idempotency-key/v1\0"sv);
    for (const auto part : {source, key}) {
        append_big_endian(input, static_cast<std::uint32_t>(part.size()));
        append(input, as_bytes(part));
    }
    const Digest digest = sha256(input);
    EventId id;
    std::copy_n(digest.bytes.begin(), id.bytes.size(), id.bytes.begin());
    id.bytes[6] = (id.bytes[6] & std::byte{0x0f}) | std::byte{0x80}; // version 8
    id.bytes[8] = (id.bytes[8] & std::byte{0x3f}) | std::byte{0x80}; // variant
    return id;
}

} // namespace sealstream
