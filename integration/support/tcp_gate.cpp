#include "integration/support/tcp_gate.hpp"

#include "integration/support/loopback.hpp"

#include <array>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace sealstream::testing {

namespace {

bool send_all(int to, const char* bytes, std::size_t size)
{
    while (size > 0) {
        const ssize_t sent = ::send(to, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        size -= static_cast<std::size_t>(sent);
    }
    return true;
}

// One piece from one to the other; false at the end.
bool pass(int from, int to)
{
    std::array<char, 65'536> buffer{};
    const ssize_t size = ::recv(from, buffer.data(), buffer.size(), 0);
    return size > 0 && send_all(to, buffer.data(), static_cast<std::size_t>(size));
}

} // namespace

TcpGate::TcpGate(int server_port) : server_port_{server_port}
{
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        ::listen(listener_, 64) != 0) {
        throw std::runtime_error{"the gate has no port"};
    }
    port_ = ntohs(address.sin_port);
    server_ = std::thread{[this] { serve(); }};
}

TcpGate::~TcpGate()
{
    shut();
    ::shutdown(listener_, SHUT_RDWR);
    server_.join();
    for (std::thread& carrier : carriers_) {
        carrier.join();
    }
    ::close(listener_);
}

void TcpGate::shut()
{
    const std::lock_guard lock{mutex_};
    state_ = State::shut;
    for (const int socket : sockets_) {
        ::shutdown(socket, SHUT_RDWR);
    }
    opened_.notify_all();
}

void TcpGate::hold()
{
    const std::lock_guard lock{mutex_};
    state_ = State::holding;
}

void TcpGate::open()
{
    const std::lock_guard lock{mutex_};
    state_ = State::open;
    opened_.notify_all();
}

bool TcpGate::may_pass()
{
    std::unique_lock lock{mutex_};
    opened_.wait(lock, [this] { return state_ != State::holding; });
    return state_ == State::open;
}

void TcpGate::serve()
{
    for (;;) {
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) {
            return;
        }
        carriers_.emplace_back([this, client] { carry(client); });
    }
}

bool TcpGate::admit(int client, int server)
{
    const std::lock_guard lock{mutex_};
    if (state_ != State::shut) {
        sockets_.insert({client, server});
    }
    return state_ != State::shut;
}

void TcpGate::part(int client, int server)
{
    const std::lock_guard lock{mutex_};
    sockets_.erase(client);
    sockets_.erase(server);
    ::close(client);
    ::close(server);
}

void TcpGate::carry(int client)
{
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = loopback(server_port_);
    bool goes_on =
        ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        admit(client, server);
    while (goes_on) {
        std::array<pollfd, 2> both{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
        ::poll(both.data(), both.size(), -1);
        goes_on = may_pass() && (both[0].revents == 0 || pass(client, server)) &&
                  (both[1].revents == 0 || pass(server, client));
    }
    part(client, server);
}

} // namespace sealstream::testing
