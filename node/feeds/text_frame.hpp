#pragma once

// WebSocket frames as a server sends them: final, unmasked (RFC 6455, 5.2).

#include <cstdint>
#include <string>
#include <string_view>

namespace sealstream {

inline constexpr std::uint8_t text_opcode = 0x1;

inline void append_socket_frame(std::string& to, std::uint8_t opcode, std::string_view payload)
{
    to.push_back(static_cast<char>(0x80U | opcode));
    const std::uint64_t size = payload.size();
    const std::size_t length_bytes = size < 126 ? 0 : size <= 0xffff ? 2 : 8;
    to.push_back(static_cast<char>(length_bytes == 0 ? size : length_bytes == 2 ? 126U : 127U));
    for (std::size_t at = length_bytes; at-- > 0;) {
        to.push_back(static_cast<char>((size >> (8 * at)) & 0xffU));
    }
    to.append(payload);
}

} // namespace sealstream
