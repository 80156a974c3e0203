#include "integration/support/http_client.hpp"

#include "integration/support/loopback.hpp"

#include <array>
#include <charconv>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sealstream::testing {

std::string HttpAnswer::field(std::string_view name) const
{
    const std::string wanted = "\r\n" + std::string{name} + ": ";
    const auto at = head.find(wanted);
    if (at == std::string::npos) {
        return {};
    }
    const auto start = at + wanted.size();
    return head.substr(start, head.find("\r\n", start) - start);
}

HttpConnection::HttpConnection(int port, std::chrono::seconds patience)
    : port_{port},
      patience_{patience}
{
}

bool HttpConnection::connect()
{
    if (is_open()) {
        return true;
    }
    received_.clear();
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval timeout{patience_.count(), 0};
    const int on = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const sockaddr_in address = loopback(port_);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        close();
    }
    return is_open();
}

void HttpConnection::close()
{
    if (socket_ >= 0) {
        ::close(socket_);
        socket_ = -1;
    }
}

bool HttpConnection::send(const std::string& request)
{
    std::string_view rest{request};
    while (!rest.empty()) {
        const auto sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

std::string HttpConnection::read_some(std::chrono::milliseconds longest)
{
    pollfd wanted{socket_, POLLIN, 0};
    if (!received_.empty()) {
        return std::exchange(received_, {});
    }
    std::array<char, 16'384> piece{};
    if (::poll(&wanted, 1, static_cast<int>(longest.count())) <= 0) {
        return {};
    }
    const ssize_t size = ::recv(socket_, piece.data(), piece.size(), 0);
    if (size <= 0) {
        close();
        return {};
    }
    return {piece.data(), static_cast<std::size_t>(size)};
}

std::optional<HttpAnswer> HttpConnection::read_answer()
{
    while (is_open()) {
        const auto end = received_.find("\r\n\r\n");
        if (end != std::string::npos) {
            HttpAnswer answer;
            answer.head = received_.substr(0, end + 2);
            std::size_t size = 0;
            const std::string length = answer.field("Content-Length");
            std::from_chars(length.data(), length.data() + length.size(), size);
            if (received_.size() >= end + 4 + size && answer.head.size() > 12) {
                answer.body = received_.substr(end + 4, size);
                std::from_chars(answer.head.data() + 9, answer.head.data() + 12, answer.status);
                received_.erase(0, end + 4 + size);
                return answer;
            }
        }
        std::array<char, 16'384> piece{};
        const ssize_t got = ::recv(socket_, piece.data(), piece.size(), 0);
        if (got <= 0) {
            close();
            break;
        }
        received_.append(piece.data(), static_cast<std::size_t>(got));
    }
    return std::nullopt;
}

std::optional<HttpAnswer> http_get(int port, const std::string& target)
{
    HttpConnection connection{port, std::chrono::seconds{30}};
    if (!connection.connect() || !connection.send("GET " + target +
                                                  " HTTP/1.1\r\nHost: localhost\r\n"
                                                  "Connection: close\r\n\r\n")) {
        return std::nullopt;
    }
    return connection.read_answer();
}

} // namespace sealstream::testing
