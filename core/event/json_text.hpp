#pragma once

// The small parts that the JSON reader, writer and checker share: runs of plain text, UTF-8, the
// order of member names, and how a number is written.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sealstream {

// How deep any JSON or CBOR of ours nests, whatever limit a caller sets: it bounds recursion.
inline constexpr std::size_t json_depth_ceiling = 128;

inline constexpr double exact_integers_end =
    9007199254740992.0; // 2^53: below it, doubles count exactly

// Bytes from the front of [at, end) that are ASCII, printable, and neither '"' nor '\'.
[[nodiscard]] inline const char* skip_plain(const char* at, const char* end) noexcept
{
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t tops = 0x8080808080808080;
    while (end - at >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, 8);
        // A byte below n, or equal to a letter, sets its top bit; a carry may mark more, never
        // fewer.
        const std::uint64_t quote = word ^ (ones * '"');
        const std::uint64_t slash = word ^ (ones * '\\');
        const std::uint64_t special = (word - ones * 0x20) | (quote - ones) | (slash - ones) | word;
        if ((special & tops) != 0) {
            break;
        }
        at += 8;
    }
    while (at != end) {
        const auto letter = static_cast<unsigned char>(*at);
        if (letter < 0x20 || letter >= 0x80 || letter == '"' || letter == '\\') {
            break;
        }
        ++at;
    }
    return at;
}

// Size in bytes of the UTF-8 sequence at the front (RFC 3629: shortest form, no surrogates, up to
// U+10FFFF); 0 when there is none.
[[nodiscard]] std::size_t utf8_sequence_size(const char* at, const char* end) noexcept;
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

// Whether name `left` stands before `right` by UTF-16 code units (RFC 8785, 3.2.3). Both are valid
// UTF-8.
[[nodiscard]] inline bool is_before_in_utf16(std::string_view left, std::string_view right) noexcept
{
    const std::size_t common = left.size() < right.size() ? left.size() : right.size();
    for (std::size_t at = 0; at < common; ++at) {
        const auto a = static_cast<unsigned char>(left[at]);
        const auto b = static_cast<unsigned char>(right[at]);
        if (a != b) {
            // Only here do UTF-8 and UTF-16 disagree: surrogates (leads F0 up) come before U+E000
            // (EE, EF).
            const bool is_swapped = a >= 0xee && b >= 0xee && (a >= 0xf0) != (b >= 0xf0);
            return is_swapped ? a > b : a < b;
        }
    }
    return left.size() < right.size();
}

// Writes a finite number as ECMAScript would, but one of 2^53 or more with an exponent; an integral
// one below 2^53 becomes an integer.
void append_canonical_double(std::string& to, double number);

} // namespace sealstream
