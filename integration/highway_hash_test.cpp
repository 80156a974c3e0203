// Without it a tamper test could fail to tamper, and prove nothing.

#include "integration/support/highway_hash.hpp"
#include "tests/support/catch.hpp"

namespace highway_hash_test {

using namespace sealstream::testing;

namespace {

// Published with the reference implementation: the hash of the bytes 0, 1, … (n - 1), for n from 0.
constexpr std::array<std::uint64_t, 42> published{
    0x907A56DE22C26E53, 0x7EAB43AAC7CDDD78, 0xB8D0569AB0B53D62, 0x5C6BEFAB8A463D80,
    0xF205A46893007EDA, 0x2B8A1668E4A94541, 0xBD4CCC325BEFCA6F, 0x4D02AE1738F59482,
    0xE1205108E55F3171, 0x32D2644EC77A1584, 0xF6E10ACDB103A90B, 0xC3BBF4615B415C15,
    0x243CC2040063FA9C, 0xA89A58CE65E641FF, 0x24B031A348455A23, 0x40793F86A449F33B,
    0xCFAB3489F97EB832, 0x19FE67D2C8C5C0E2, 0x04DD90A69C565CC2, 0x75D9518E2371C504,
    0x38AD9B1141D3DD16, 0x0264432CCD8A70E0, 0xA9DB5A6288683390, 0xD7B05492003F028C,
    0x205F615AEA59E51E, 0xEEE0C89621052884, 0x1BFC1A93A7284F4F, 0x512175B5B70DA91D,
    0xF71F8976A0A2C639, 0xAE093FEF1F84E3E7, 0x22CA92B01161860F, 0x9FC7007CCF035A68,
    0xA0C964D9ECD580FC, 0x2C90F73CA03181FC, 0x185CF84E5691EB9E, 0x4FC1F5EF2752AA9B,
    0xF5B7391A5E0A33EB, 0xB9B84B83B4E96C9C, 0x5E42FE712A5CD9B4, 0xA150F2F90C3F97DC,
    0x7FA522D75E2D637D, 0x181AD0CC0DFFD32B};

std::string ascending_bytes(std::size_t first, std::size_t count)
{
    std::string bytes;
    for (std::size_t at = 0; at < count; ++at) {
        bytes.push_back(static_cast<char>(first + at));
    }
    return bytes;
}

} // namespace

TEST_CASE("HighwayHash-64 gives the published values", "[unit]")
{
    std::array<std::byte, 32> bytes{};
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        bytes[at] = static_cast<std::byte>(at);
    }
    const HighwayKey key = highway_key(bytes);

    for (std::size_t size = 0; size < published.size(); ++size) {
        INFO("of " << size << " bytes");
        CHECK(highway_hash_64(key, ascending_bytes(0, size)) == published[size]);
    }

    const HighwayKey other{1, 2, 3, 4};
    CHECK(highway_hash_64(other, ascending_bytes(128, 33)) == 0x53c516cce478cad7);
    CHECK(highway_hash_64(other, "\xff") == 0x7858f24d2d79b2b2);
}

TEST_CASE("another key gives another HighwayHash", "[unit]")
{
    CHECK(highway_hash_64({1, 2, 3, 4}, "data") != highway_hash_64({1, 2, 3, 5}, "data"));
}

} // namespace highway_hash_test
