#pragma once

// The keys of the vectors: seeds 01*32 for the log and 02*32 for a witness.

#include "audit/note.hpp"

namespace sealstream::testing {

inline constexpr std::string_view log_name = "sealstream.example/audit/test";

inline SigningKey key_with_seed(std::string_view name, int seed)
{
    std::array<std::byte, 32> bytes{};
    bytes.fill(static_cast<std::byte>(seed));
    return {std::string{name}, PrivateKey{bytes}};
}

inline SigningKey log_key()
{
    return key_with_seed(log_name, 1);
}

inline SigningKey witness_key()
{
    return key_with_seed("witness.example/w1", 2);
}

} // namespace sealstream::testing
