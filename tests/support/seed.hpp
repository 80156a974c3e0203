#pragma once

// One seed a test run, printed at the start; SEALSTREAM_TEST_SEED repeats it.

#include <cstdint>
#include <random>

namespace sealstream::testing {

[[nodiscard]] std::uint64_t seed();

// A generator of its own for each place that needs one, so that tests do not disturb each other.
[[nodiscard]] inline std::mt19937_64 random_generator(std::uint64_t place)
{
    return std::mt19937_64{seed() * 0x9e3779b97f4a7c15 + place};
}

} // namespace sealstream::testing
