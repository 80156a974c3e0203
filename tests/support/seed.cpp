#include "tests/support/seed.hpp"

#include <cstdlib>
#include <string>

namespace sealstream::testing {

std::uint64_t seed()
{
    static const std::uint64_t value = [] {
        const char* const given = std::getenv("SEALSTREAM_TEST_SEED");
        return given != nullptr ? std::stoull(given) : std::random_device{}() % 1'000'000'000ULL;
    }();
    return value;
}

} // namespace sealstream::testing
