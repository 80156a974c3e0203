#include "integration/support/highway_hash.hpp"

#include <cstddef>

namespace sealstream::testing {

namespace {

using Lanes = std::array<std::uint64_t, 4>;

constexpr std::size_t packet_bytes = 32;
constexpr std::uint64_t low_half = 0xffff'ffff;
constexpr Lanes first_constants{0xdbe6d5d5fe4cce2f, 0xa4093822299f31d0, 0x13198a2e03707344,
                                0x243f6a8885a308d3};
constexpr Lanes second_constants{0x3bd39e10cb0ef593, 0xc0acf169b5f18a8c, 0xbe5466cf34e90c6c,
                                 0x452821e638d01377};

std::uint64_t halves_swapped(std::uint64_t lane)
{
    return (lane >> 32) | (lane << 32);
}

std::uint64_t byte_of(std::uint64_t lane, int index)
{
    return (lane >> (8 * index)) & 0xff;
}

// The byte shuffle of two lanes; digits count the bytes of `low` (0 to 7) and `high` (8 to 15).
std::uint64_t shuffled(std::uint64_t low, std::uint64_t high, const std::array<int, 8>& order)
{
    std::uint64_t result = 0;
    for (std::size_t at = 0; at < order.size(); ++at) {
        const int from = order[at];
        const std::uint64_t byte = from < 8 ? byte_of(low, from) : byte_of(high, from - 8);
        result |= byte << (8 * at);
    }
    return result;
}

void add_zipped(std::uint64_t low, std::uint64_t high, std::uint64_t& to_low,
                std::uint64_t& to_high)
{
    to_low += shuffled(low, high, {3, 12, 2, 5, 14, 1, 15, 0});
    to_high += shuffled(low, high, {11, 4, 10, 13, 9, 6, 8, 7});
}

class State {
public:
    explicit State(const HighwayKey& key)
    {
        for (std::size_t lane = 0; lane < 4; ++lane) {
            value0_[lane] = first_constants[lane] ^ key[lane];
            value1_[lane] = second_constants[lane] ^ halves_swapped(key[lane]);
        }
    }

    void take(const Lanes& packet)
    {
        for (std::size_t lane = 0; lane < 4; ++lane) {
            value1_[lane] += factor0_[lane] + packet[lane];
            factor0_[lane] ^= (value1_[lane] & low_half) * (value0_[lane] >> 32);
            value0_[lane] += factor1_[lane];
            factor1_[lane] ^= (value0_[lane] & low_half) * (value1_[lane] >> 32);
        }
        add_zipped(value1_[0], value1_[1], value0_[0], value0_[1]);
        add_zipped(value1_[2], value1_[3], value0_[2], value0_[3]);
        add_zipped(value0_[0], value0_[1], value1_[0], value1_[1]);
        add_zipped(value0_[2], value0_[3], value1_[2], value1_[3]);
    }

    // The last 1 to 31 bytes.
    void take_rest(std::string_view rest)
    {
        const auto size = static_cast<std::uint64_t>(rest.size());
        for (std::size_t lane = 0; lane < 4; ++lane) {
            value0_[lane] += (size << 32) + size;
            const auto low = static_cast<std::uint32_t>(value1_[lane]);
            const auto high = static_cast<std::uint32_t>(value1_[lane] >> 32);
            value1_[lane] = rotated(low, size) | (rotated(high, size) << 32);
        }
        std::array<char, packet_bytes> packet{};
        const std::size_t whole = rest.size() & ~std::size_t{3}; // in groups of four
        const std::size_t loose = rest.size() & 3U;
        rest.copy(packet.data(), whole);
        if ((rest.size() & 16U) != 0) {
            rest.copy(packet.data() + 28, 4, rest.size() - 4);
        } else if (loose != 0) {
            packet[16] = rest[whole];
            packet[17] = rest[whole + (loose >> 1)];
            packet[18] = rest[whole + loose - 1];
        }
        take(lanes_of({packet.data(), packet.size()}));
    }

    std::uint64_t finish()
    {
        for (int round = 0; round < 4; ++round) {
            take({halves_swapped(value0_[2]), halves_swapped(value0_[3]),
                  halves_swapped(value0_[0]), halves_swapped(value0_[1])});
        }
        return value0_[0] + value1_[0] + factor0_[0] + factor1_[0];
    }

    static Lanes lanes_of(std::string_view packet)
    {
        Lanes lanes{};
        for (std::size_t at = 0; at < packet_bytes; ++at) {
            lanes[at / 8] |= static_cast<std::uint64_t>(static_cast<unsigned char>(packet[at]))
                             << (8 * (at % 8));
        }
        return lanes;
    }

private:
    static std::uint64_t rotated(std::uint32_t half, std::uint64_t count)
    {
        return (half << count) | (half >> (32 - count));
    }

    Lanes value0_{};
    Lanes value1_{};
    Lanes factor0_{first_constants};
    Lanes factor1_{second_constants};
};

} // namespace

HighwayKey highway_key(std::span<const std::byte, 32> bytes)
{
    return State::lanes_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::uint64_t highway_hash_64(const HighwayKey& key, std::string_view data)
{
    State state{key};
    while (data.size() >= packet_bytes) {
        state.take(State::lanes_of(data.substr(0, packet_bytes)));
        data.remove_prefix(packet_bytes);
    }
    if (!data.empty()) {
        state.take_rest(data);
    }
    return state.finish();
}

} // namespace sealstream::testing
