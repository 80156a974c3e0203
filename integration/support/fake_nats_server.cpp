#include "integration/support/fake_nats_server.hpp"

#include "integration/support/loopback.hpp"

#include <array>
#include <poll.h>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace sealstream::testing {

namespace {

constexpr int look_again_ms = 20;

bool is_readable(int socket)
{
    pollfd wanted{socket, POLLIN, 0};
    return ::poll(&wanted, 1, look_again_ms) > 0;
}

void send_text(int socket, const std::string& text)
{
    // A client that is gone is noticed when we read from it.
    static_cast<void>(::send(socket, text.data(), text.size(), MSG_NOSIGNAL));
}

} // namespace

FakeNatsServer::FakeNatsServer(std::string version, int api_level)
    : version_{std::move(version)},
      api_level_{api_level},
      listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}
{
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 4) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error{"the fake server can not listen"};
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this] { serve(); }};
}

FakeNatsServer::~FakeNatsServer()
{
    is_stopping_ = true;
    thread_.join();
    ::close(listener_);
}

void FakeNatsServer::serve()
{
    std::vector<std::thread> talks; // a log has several connections
    while (!is_stopping_) {
        if (is_readable(listener_)) {
            talks.emplace_back([this, socket = ::accept(listener_, nullptr, nullptr)] {
                talk(socket);
                ::close(socket);
            });
        }
    }
    for (std::thread& one : talks) {
        one.join();
    }
}

void FakeNatsServer::talk(int socket) const
{
    send_text(socket,
              "INFO {\"server_id\":\"FAKE\",\"server_name\":\"fake\",\"version\":\"" + version_ +
                  "\",\"proto\":1,\"host\":\"127.0.0.1\",\"port\":" + std::to_string(port_) +
                  ",\"headers\":true,\"max_payload\":1048576,\"jetstream\":true}\r\n");
    std::string received;
    std::string subscription;
    while (!is_stopping_) {
        if (!is_readable(socket)) {
            continue;
        }
        std::array<char, 4096> piece{};
        const ssize_t size = ::recv(socket, piece.data(), piece.size(), 0);
        if (size <= 0) {
            return;
        }
        received.append(piece.data(), static_cast<std::size_t>(size));
        for (std::size_t end = 0; (end = received.find("\r\n")) != std::string::npos;) {
            const std::string line = received.substr(0, end);
            received.erase(0, end + 2);
            send_text(socket, answer_to(line, subscription));
        }
    }
}

// Payloads are lines too; none of them looks like a command.
std::string FakeNatsServer::answer_to(const std::string& line, std::string& subscription) const
{
    std::istringstream words{line};
    std::string verb;
    std::string subject;
    std::string second;
    words >> verb >> subject >> second;
    if (verb == "PING") {
        return "PONG\r\n";
    }
    if (verb == "SUB") {
        subscription = second; // SUB <subject> <id>: the one inbox of the client
        return {};
    }
    if ((verb == "PUB" || verb == "HPUB") && subject == "$JS.API.INFO") {
        const std::string body = "{\"type\":\"io.nats.jetstream.api.v1.account_info_response\","
                                 "\"api\":{\"level\":" +
                                 std::to_string(api_level_) + "}}";
        return "MSG " + second + " " + subscription + " " + std::to_string(body.size()) + "\r\n" +
               body + "\r\n";
    }
    return {};
}

} // namespace sealstream::testing
