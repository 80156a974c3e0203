#pragma once

#include <arpa/inet.h>
#include <cstdint>
#include <netinet/in.h>

namespace sealstream::testing {

// 127.0.0.1 with this port, as the calls of sockets want it; 0 lets the kernel choose.
[[nodiscard]] inline sockaddr_in loopback(int port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

} // namespace sealstream::testing
