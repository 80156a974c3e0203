#pragma once

// What the parts of a pack may be called, and how many of them there may be.

#include <algorithm>
#include <string_view>

namespace sealstream {

inline constexpr std::size_t pack_name_bytes_max = 24;
inline constexpr std::size_t pack_part_name_bytes_max = 40;
inline constexpr std::size_t pack_parts_max = 500; // of each kind

// [a-z][a-z0-9_]*
[[nodiscard]] constexpr bool is_pack_word(std::string_view name, std::size_t bytes_max) noexcept
{
    const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
    return !name.empty() && name.size() <= bytes_max && is_small(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return is_small(c) || (c >= '0' && c <= '9') || c == '_'; });
}

} // namespace sealstream
