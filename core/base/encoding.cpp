#include "core/base/encoding.hpp"

namespace sealstream {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view standard_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> reverse_of(std::string_view alphabet)
{
    std::array<std::int8_t, 256> reverse{};
    for (auto& value : reverse) {
        value = -1;
    }
    for (std::size_t at = 0; at < alphabet.size(); ++at) {
        reverse[static_cast<unsigned char>(alphabet[at])] = static_cast<std::int8_t>(at);
    }
    return reverse;
}

constexpr auto hex_values = reverse_of(hex_digits);
constexpr auto standard_values = reverse_of(standard_alphabet);
constexpr auto url_values = reverse_of(url_alphabet);

std::string encode_base64(ByteView bytes, std::string_view alphabet, bool is_padded)
{
    const std::size_t tail = bytes.size() % 3;
    const std::size_t tail_letters = tail == 0 ? 0 : (is_padded ? 4 : tail + 1);
    std::string text(bytes.size() / 3 * 4 + tail_letters, '=');
    char* to = text.data();
    std::size_t at = 0;
    for (; at + 3 <= bytes.size(); at += 3) {
        const auto group = (static_cast<std::uint32_t>(bytes[at]) << 16) |
                           (static_cast<std::uint32_t>(bytes[at + 1]) << 8) |
                           static_cast<std::uint32_t>(bytes[at + 2]);
        *to++ = alphabet[group >> 18];
        *to++ = alphabet[(group >> 12) & 63];
        *to++ = alphabet[(group >> 6) & 63];
        *to++ = alphabet[group & 63];
    }
    if (tail != 0) {
        const auto first = static_cast<std::uint32_t>(bytes[at]);
        const auto second = tail == 2 ? static_cast<std::uint32_t>(bytes[at + 1]) : 0;
        const std::uint32_t group = (first << 16) | (second << 8);
        *to++ = alphabet[group >> 18];
        *to++ = alphabet[(group >> 12) & 63];
        if (tail == 2) {
            *to = alphabet[(group >> 6) & 63];
        }
    }
    return text;
}

Result<Bytes> decode_base64(std::string_view text, const std::array<std::int8_t, 256>& values,
                            bool is_padded)
{
    if (is_padded) {
        if (text.size() % 4 != 0) {
            return Error{Errc::malformed, "Base64 length is not a multiple of four"};
        }
        for (int dropped = 0; dropped < 2 && !text.empty() && text.back() == '='; ++dropped) {
            text.remove_suffix(1);
        }
    }
    if (text.size() % 4 == 1) {
        return Error{Errc::malformed, "Base64 is cut short"};
    }
    Bytes bytes(text.size() * 3 / 4);
    auto to = bytes.begin();
    std::uint32_t group = 0;
    unsigned bits = 0;
    for (const char letter : text) {
        const auto value = values[static_cast<unsigned char>(letter)];
        if (value < 0) {
            return Error{Errc::malformed, "a letter outside the Base64 alphabet"};
        }
        group = (group << 6) | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *to++ = static_cast<std::byte>((group >> bits) & 0xff);
        }
    }
    if ((group & ((1U << bits) - 1)) != 0) {
        return Error{Errc::malformed, "Base64 with stray bits at the end"};
    }
    return bytes;
}

} // namespace

std::string to_hex(ByteView bytes)
{
    std::string text(bytes.size() * 2, '0');
    char* to = text.data();
    for (const std::byte value : bytes) {
        *to++ = hex_digits[static_cast<std::size_t>(value) >> 4];
        *to++ = hex_digits[static_cast<std::size_t>(value) & 15];
    }
    return text;
}

Result<Bytes> from_hex(std::string_view text)
{
    if (text.size() % 2 != 0) {
        return Error{Errc::malformed, "an odd number of hexadecimal digits"};
    }
    Bytes bytes(text.size() / 2);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const auto high = hex_values[static_cast<unsigned char>(text[2 * at])];
        const auto low = hex_values[static_cast<unsigned char>(text[2 * at + 1])];
        if (high < 0 || low < 0) {
            return Error{Errc::malformed, "not a lower-case hexadecimal digit"};
        }
        bytes[at] = static_cast<std::byte>(high * 16 + low);
    }
    return bytes;
}

std::string to_base64(ByteView bytes)
{
    return encode_base64(bytes, standard_alphabet, true);
}

Result<Bytes> from_base64(std::string_view text)
{
    return decode_base64(text, standard_values, true);
}

std::string to_base64url(ByteView bytes)
{
    return encode_base64(bytes, url_alphabet, false);
}

Result<Bytes> from_base64url(std::string_view text)
{
    return decode_base64(text, url_values, false);
}

} // namespace sealstream
