#pragma once

// A client that speaks TLS to a server on the same io_context. One connection for one exchange.

#include "tests/node/http/server_world.hpp"
#include "tests/support/authority.hpp"

namespace sealstream::testing {

struct TlsOffer {
    std::filesystem::path trusts{};                // the authority's file
    std::optional<CertificateFiles> certificate{}; // to show to the server
    int version_max{0};                            // TLS1_2_VERSION; 0: the newest
    std::string protocols{};                       // ALPN, length-prefixed; empty: none
    std::string ciphers{};                         // of TLS 1.2
};

struct TlsOutcome {
    std::string failure;  // of the handshake, or of the exchange; empty: none
    std::string answer;   // up to the end of the connection
    std::string serial;   // of the server's certificate
    std::string version;  // "TLSv1.3"
    std::string protocol; // that ALPN chose
};

// Connects, shakes hands, sends, reads to the end.
[[nodiscard]] TlsOutcome tls_exchange(ServerWorld& world, std::uint16_t port, TlsOffer offer,
                                      std::string bytes);

} // namespace sealstream::testing
