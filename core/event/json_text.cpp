#include "core/event/json_text.hpp"

#include "core/base/check.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace sealstream {

std::size_t utf8_sequence_size(const char* at, const char* end) noexcept
{
    const auto left = static_cast<std::size_t>(end - at);
    const auto byte = [at](std::size_t place) { return static_cast<unsigned char>(at[place]); };
    const auto is_follower = [byte](std::size_t place) { return (byte(place) & 0xc0U) == 0x80U; };
    if (left == 0) {
        return 0;
    }
    const unsigned lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4) {
        return 0;
    }
    if (lead < 0xe0) {
        return left >= 2 && is_follower(1) ? 2 : 0;
    }
    if (lead < 0xf0) {
        if (left < 3 || !is_follower(1) || !is_follower(2)) {
            return 0;
        }
        const bool is_overlong = lead == 0xe0 && byte(1) < 0xa0;
        const bool is_surrogate = lead == 0xed && byte(1) >= 0xa0;
        return is_overlong || is_surrogate ? 0 : 3;
    }
    if (left < 4 || !is_follower(1) || !is_follower(2) || !is_follower(3)) {
        return 0;
    }
    const bool is_overlong = lead == 0xf0 && byte(1) < 0x90;
    const bool is_beyond = lead == 0xf4 && byte(1) >= 0x90;
    return is_overlong || is_beyond ? 0 : 4;
}

void append_canonical_double(std::string& to, double number)
{
    SEAL_CHECK(std::isfinite(number), "JSON has no infinity and no NaN");
    std::array<char, 64> text{};
    char* const begin = text.data();
    char* const end = begin + text.size();
    const double size = std::fabs(number);
    if (size < exact_integers_end && std::trunc(number) == number) {
        const auto written = std::to_chars(begin, end, static_cast<std::int64_t>(number));
        to.append(begin, written.ptr);
        return;
    }
    if (size >= 1e-6 && size < exact_integers_end) {
        const auto written = std::to_chars(begin, end, number, std::chars_format::fixed);
        to.append(begin, written.ptr);
        return;
    }
    const auto written = std::to_chars(begin, end, number, std::chars_format::scientific);
    std::string_view shown{begin, static_cast<std::size_t>(written.ptr - begin)};
    // "1e-07": ECMAScript writes no leading zero in the exponent.
    const std::size_t digits = shown.find('e') + 2;
    to.append(shown.substr(0, digits));
    to.append(shown.substr(shown[digits] == '0' ? digits + 1 : digits));
}

bool is_utf8(std::string_view text) noexcept
{
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const std::size_t size = utf8_sequence_size(at, end);
        if (size == 0) {
            return false;
        }
        at += size;
    }
    return true;
}

} // namespace sealstream
