#pragma once

// A number that means one thing: explicit to make, ordered, printable by `.value`, never mixed up.

#include <compare>
#include <cstdint>
#include <functional>

namespace sealstream {

template <class Tag>
struct Strong {
    std::uint64_t value{0};

    constexpr Strong() = default;
    constexpr explicit Strong(std::uint64_t number) : value{number} {}

    friend constexpr auto operator<=>(const Strong&, const Strong&) = default;

    [[nodiscard]] constexpr Strong next() const { return Strong{value + 1}; }
};

} // namespace sealstream

template <class Tag>
struct std::hash<sealstream::Strong<Tag>> {
    std::size_t operator()(const sealstream::Strong<Tag>& number) const noexcept
    {
        return std::hash<std::uint64_t>{}(number.value);
    }
};
