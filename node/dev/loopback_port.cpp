#include "node/dev/loopback_port.hpp"

#include <arpa/inet.h>
#include <array>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace sealstream {

namespace {

constexpr timeval answer_wait{0, 500'000};
constexpr std::size_t greeting_bytes_max = 8192;

sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

class Socket {
public:
    Socket() : number_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {}
    ~Socket() { ::close(number_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    [[nodiscard]] int get() const noexcept { return number_; }

private:
    int number_;
};

// The port that was bound, 0 when it can not be.
std::uint16_t bind_to(std::uint16_t port)
{
    const Socket socket;
    // As servers do; without it a port is taken for a minute after its server ended.
    const int yes = 1;
    setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address = loopback(port);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket.get(), generic, size) != 0 || listen(socket.get(), 1) != 0 ||
        getsockname(socket.get(), generic, &size) != 0) {
        return 0;
    }
    return ntohs(address.sin_port);
}

} // namespace

bool is_port_free(std::uint16_t port)
{
    return port != 0 && bind_to(port) == port;
}

Result<std::uint16_t> free_port()
{
    const std::uint16_t port = bind_to(0);
    if (port == 0) {
        return Error{Errc::capacity, "no free port on 127.0.0.1"};
    }
    return port;
}

Result<std::uint16_t> remembered_port(const std::filesystem::path& file)
{
    unsigned remembered = 0;
    std::ifstream{file} >> remembered;
    if (remembered <= 65535 && is_port_free(static_cast<std::uint16_t>(remembered))) {
        return static_cast<std::uint16_t>(remembered);
    }
    SEAL_TRY(port, free_port());
    std::ofstream output{file, std::ios::trunc};
    output << port << "\n";
    output.close();
    if (!output) {
        return Error{Errc::unavailable, "can not write " + file.string()};
    }
    return port;
}

std::string greeting(std::uint16_t port)
{
    const Socket socket;
    setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &answer_wait, sizeof answer_wait);
    const sockaddr_in address = loopback(port);
    if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return {};
    }
    std::string text;
    std::array<char, 1024> piece{};
    while (text.find('\n') == std::string::npos && text.size() < greeting_bytes_max) {
        const auto size = recv(socket.get(), piece.data(), piece.size(), 0);
        if (size <= 0) {
            return {};
        }
        text.append(piece.data(), static_cast<std::size_t>(size));
    }
    return text.substr(0, text.find_first_of("\r\n"));
}

} // namespace sealstream
