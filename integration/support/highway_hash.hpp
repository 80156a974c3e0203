#pragma once

// HighwayHash-64 (github.com/google/highwayhash): what nats-server writes behind every record of a
// block file. Written from the description of the portable version; slow, for tests that edit
// files.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace sealstream::testing {

using HighwayKey = std::array<std::uint64_t, 4>; // 32 bytes, each lane little endian

[[nodiscard]] HighwayKey highway_key(std::span<const std::byte, 32> bytes);

[[nodiscard]] std::uint64_t highway_hash_64(const HighwayKey& key, std::string_view data);

} // namespace sealstream::testing
