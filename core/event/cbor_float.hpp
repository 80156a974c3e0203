#pragma once

// Narrower floats, where they keep the value exactly (RFC 8949, 4.2.1 and appendix D). Finite
// numbers only.

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>

namespace sealstream {

[[nodiscard]] inline std::optional<float> to_single(double number) noexcept
{
    if (std::fabs(number) > static_cast<double>(3.4028234663852886e38F)) {
        return std::nullopt; // the conversion would be undefined
    }
    const auto single = static_cast<float>(number);
    return std::bit_cast<std::uint64_t>(static_cast<double>(single)) ==
                   std::bit_cast<std::uint64_t>(number)
               ? std::optional{single}
               : std::nullopt;
}

[[nodiscard]] inline double from_half(std::uint16_t half) noexcept
{
    const int exponent = (half >> 10) & 0x1f;
    const int mantissa = half & 0x3ff;
    const double size =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(mantissa + 1024, exponent - 25);
    return (half & 0x8000) != 0 ? -size
                                : size; // exponent 31 (infinity, NaN) is the caller's to refuse
}

[[nodiscard]] inline std::optional<std::uint16_t> to_half(double number) noexcept
{
    const double size = std::fabs(number);
    if (size > 65504.0 || (size != 0.0 && size < std::ldexp(1.0, -24))) {
        return std::nullopt;
    }
    int exponent = 0;
    static_cast<void>(
        std::frexp(size, &exponent)); // size = fraction * 2^exponent, fraction in [0.5, 1)
    const bool is_subnormal = exponent < -13;
    const double scaled = is_subnormal ? std::ldexp(size, 24) : std::ldexp(size, 11 - exponent);
    if (std::trunc(scaled) != scaled) {
        return std::nullopt;
    }
    const auto digits = static_cast<unsigned>(scaled); // below 1024, or 1024 to 2047
    const unsigned bits = is_subnormal || size == 0.0
                              ? digits
                              : (static_cast<unsigned>(exponent + 14) << 10U) + (digits - 1024);
    return static_cast<std::uint16_t>(bits | (std::signbit(number) ? 0x8000U : 0U));
}

} // namespace sealstream
