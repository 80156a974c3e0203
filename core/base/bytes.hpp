#pragma once

// Bytes and views of bytes, and the way between bytes and text.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sealstream {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

[[nodiscard]] inline ByteView as_bytes(std::string_view text) noexcept
{
    return std::as_bytes(std::span{text.data(), text.size()});
}

[[nodiscard]] inline std::string_view as_text(ByteView bytes) noexcept
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline Bytes to_bytes(std::string_view text)
{
    const auto view = as_bytes(text);
    return {view.begin(), view.end()};
}

[[nodiscard]] inline Bytes to_bytes(ByteView view)
{
    return {view.begin(), view.end()};
}

inline void append(Bytes& to, ByteView more)
{
    to.insert(to.end(), more.begin(), more.end());
}

// Unsigned integer, big endian.
template <class Integer>
inline void append_big_endian(Bytes& to, Integer value)
{
    for (std::size_t at = sizeof(Integer); at-- > 0;) {
        to.push_back(static_cast<std::byte>((value >> (8 * at)) & 0xff));
    }
}

template <class Integer>
[[nodiscard]] inline Integer read_big_endian(ByteView from) noexcept
{
    Integer value{};
    for (std::size_t at = 0; at < sizeof(Integer); ++at) {
        value = static_cast<Integer>((value << 8) | static_cast<Integer>(from[at]));
    }
    return value;
}

} // namespace sealstream
