#pragma once

// What each fuzz target defines, for libFuzzer (preset fuzz) and for the replay of every other
// build.

#include "core/base/bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace sealstream::fuzz {

[[nodiscard]] inline std::string_view text_of(const std::uint8_t* data, std::size_t size)
{
    return size == 0 ? std::string_view{}
                     : std::string_view{reinterpret_cast<const char*>(data), size};
}

[[nodiscard]] inline ByteView bytes_of(const std::uint8_t* data, std::size_t size)
{
    return as_bytes(text_of(data, size));
}

} // namespace sealstream::fuzz
