#include "core/event/event_id.hpp"

#include "core/base/encoding.hpp"
#include "core/event/digest.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::array<std::size_t, 4> dash_places{8, 13, 18, 23};
constexpr std::size_t text_size = 36;

} // namespace

Result<EventId> EventId::parse(std::string_view text)
{
    const Error not_an_id{Errc::malformed,
                          "not a UUID such as 0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c11"};
    if (text.size() != text_size) {
        return not_an_id;
    }
    std::string digits;
    digits.reserve(32);
    for (std::size_t at = 0; at < text_size; ++at) {
        const bool is_dash_place =
            std::find(dash_places.begin(), dash_places.end(), at) != dash_places.end();
        if (is_dash_place != (text[at] == '-')) {
            return not_an_id;
        }
        if (!is_dash_place) {
            const char letter = text[at];
            digits.push_back(letter >= 'A' && letter <= 'F' ? static_cast<char>(letter + 32)
                                                            : letter);
        }
    }
    const auto bytes = from_hex(digits);
    if (!bytes) {
        return not_an_id;
    }
    EventId id;
    std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
    return id;
}

std::string EventId::to_string() const
{
    std::string text = to_hex(bytes);
    for (const std::size_t place : dash_places) {
        text.insert(place, 1, '-');
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

} // namespace sealstream
