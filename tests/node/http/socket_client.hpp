#pragma once

// A WebSocket client of a ServerWorld whose every byte is the test's.

#include "tests/node/http/server_world.hpp"
#include "tests/node/http/socket_bytes.hpp"

namespace sealstream::testing {

class SocketClient {
public:
    explicit SocketClient(ServerWorld& world) : world_{world}, client_{world.connect()} {}

    [[nodiscard]] bool open(std::string_view target, const std::string& more_fields = {})
    {
        const auto request =
            get_text(target, more_fields + "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                           "Sec-WebSocket-Version: 13\r\n");
        const bool is_sent = run_task(world_.context, client_.send(request));
        answer = run_task(world_.context, client_.take_until("\r\n\r\n"));
        return is_sent && answer.find(" 101 ") != std::string::npos;
    }

    // The next frame; opcode -1 at the end of the connection.
    [[nodiscard]] ServerFrame next()
    {
        for (;;) {
            if (auto frame = take_server_frame(bytes_)) {
                return *std::move(frame);
            }
            if (client_.has_ended()) {
                return {-1, {}};
            }
            bytes_ += run_task(world_.context, client_.take_some());
        }
    }
    [[nodiscard]] ServerFrame next_event() { return next_with("\"type\":\"event\""); }
    [[nodiscard]] ServerFrame next_close()
    {
        auto frame = next();
        while (frame.opcode != 0x8 && frame.opcode != -1) {
            frame = next();
        }
        return frame;
    }
    void say(std::string_view text) { send_frame(0x1, text); }
    void send_frame(std::uint8_t opcode, std::string_view payload)
    {
        send_bytes(client_frame(opcode, payload));
    }
    void send_bytes(std::string bytes)
    {
        static_cast<void>(run_task(world_.context, client_.send(std::move(bytes))));
    }
    // Whether nothing follows but the end.
    [[nodiscard]] bool has_ended() { return next().opcode == -1; }

    std::string answer; // of the handshake

private:
    [[nodiscard]] ServerFrame next_with(std::string_view part)
    {
        auto frame = next();
        while (frame.opcode != -1 && frame.payload.find(part) == std::string::npos) {
            frame = next();
        }
        return frame;
    }

    ServerWorld& world_;
    RawClient client_;
    std::string bytes_;
};

} // namespace sealstream::testing
