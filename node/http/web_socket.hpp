#pragma once

// WebSocket (RFC 6455), the server's part: no socket, no waiting. Extensions and subprotocols are
// not offered. Clients' messages here are small commands, so a message has a small bound and
// everything that is not exactly right ends the connection with the code that the RFC gives it.

#include "node/http/request_context.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace sealstream::http {

enum class SocketOpcode : std::uint8_t {
    continuation = 0x0,
    text = 0x1,
    binary = 0x2,
    close = 0x8,
    ping = 0x9,
    pong = 0xa
};

// RFC 6455, 7.4.1, and the registry that it opens.
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,
    invalid_text = 1007,
    policy = 1008,
    too_big = 1009,
    internal = 1011,
    try_again_later = 1013
};

[[nodiscard]] bool wants_socket(const RequestContext& request);

// 101 with the key's answer, without its Upgrade; or why not:
//   400   a field is missing or malformed
//   403   Origin names a page of another host: a browser would hand our events to anybody's page
//   426   another version; Sec-WebSocket-Version says which one is spoken
[[nodiscard]] Response accept_socket(const RequestContext& request);

struct SocketMessage {
    SocketOpcode opcode{SocketOpcode::text}; // never continuation
    std::string payload{};
};

// Puts a client's bytes together to messages. After a fault it must not be used.
class SocketReader {
public:
    explicit SocketReader(std::size_t message_bytes_max) : message_bytes_max_{message_bytes_max} {}

    void put(std::string_view bytes) { input_.append(bytes); }
    // The next message; nothing when more bytes are needed. Control frames come between the pieces
    // of a message.
    //   malformed      protocol_error: reserved bits or codes, no mask, a control frame that is
    //   long
    //                  or in pieces, a length that is not the shortest, a broken sequence
    //   invalid_utf8   invalid_text
    //   too_large      too_big: decided from the header, before the payload is here
    [[nodiscard]] Result<std::optional<SocketMessage>> next();

private:
    struct Head {
        bool is_final{false};
        SocketOpcode opcode{SocketOpcode::text};
        std::uint64_t size{0};
        std::size_t bytes{0}; // of the head itself, with the mask
    };
    [[nodiscard]] Result<std::optional<Head>> read_head() const;
    [[nodiscard]] Result<std::optional<SocketMessage>> take(Head head, std::string payload);

    std::size_t message_bytes_max_;
    std::string input_;
    std::optional<SocketMessage> pieces_; // of a message that has begun
};

[[nodiscard]] CloseCode close_code_of(Errc code);

void append_close_frame(std::string& to, CloseCode code, std::string_view reason);
// The code of a close frame that was read; nothing for an empty one.
[[nodiscard]] std::optional<std::uint16_t> close_code_in(const SocketMessage& message);

} // namespace sealstream::http
