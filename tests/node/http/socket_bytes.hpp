#pragma once

// WebSocket bytes as a client makes and reads them, written from RFC 6455 for tests alone.

#include <cstdint>
#include <optional>
#include <string>

namespace sealstream::testing {

inline std::string client_frame(std::uint8_t opcode, std::string_view payload, bool is_final = true)
{
    constexpr std::string_view mask = "\x11\x22\x33\x44";
    std::string frame;
    frame.push_back(static_cast<char>((is_final ? 0x80 : 0) | opcode));
    if (payload.size() < 126) {
        frame.push_back(static_cast<char>(0x80 | payload.size()));
    } else {
        frame.push_back(static_cast<char>(0xfe));
        frame.push_back(static_cast<char>(payload.size() >> 8));
        frame.push_back(static_cast<char>(payload.size() & 0xff));
    }
    frame.append(mask);
    for (std::size_t at = 0; at < payload.size(); ++at) {
        frame.push_back(static_cast<char>(payload[at] ^ mask[at % 4]));
    }
    return frame;
}

struct ServerFrame {
    int opcode{0};
    std::string payload{};
    [[nodiscard]] int close_code() const
    {
        return payload.size() < 2 ? 0
                                  : (static_cast<std::uint8_t>(payload[0]) << 8) |
                                        static_cast<std::uint8_t>(payload[1]);
    }
    [[nodiscard]] std::string close_reason() const
    {
        return payload.substr(std::min<std::size_t>(2, payload.size()));
    }
};

// Takes the first frame off `bytes`; nothing when it is not whole.
inline std::optional<ServerFrame> take_server_frame(std::string& bytes)
{
    const auto byte = [&bytes](std::size_t at) {
        return static_cast<std::size_t>(static_cast<std::uint8_t>(bytes[at]));
    };
    if (bytes.size() < 2) {
        return std::nullopt;
    }
    std::size_t size = byte(1) & 0x7fU;
    const std::size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (bytes.size() < 2 + more) {
        return std::nullopt;
    }
    if (more != 0) {
        size = 0;
        for (std::size_t at = 2; at < 2 + more; ++at) {
            size = (size << 8) | byte(at);
        }
    }
    if (bytes.size() < 2 + more + size) {
        return std::nullopt;
    }
    ServerFrame frame{static_cast<int>(byte(0) & 0x0fU), bytes.substr(2 + more, size)};
    bytes.erase(0, 2 + more + size);
    return frame;
}

} // namespace sealstream::testing
