#pragma once

// The HTTP front end of a node: a listener for clients and one for operators.
//
//   Server server{executor, options, services};
//   auto started = server.start();              bound; ports are known
//   co_await server.drain(20s);                 SIGTERM: every request that has arrived is answered
//
// Drain, in order: readiness off, stop accepting, feeds and long-polls end with their cursor,
// current requests are answered with Connection: close, silent connections are closed, and what
// outlives the deadline is cut.

#include "node/http/listener.hpp"

namespace sealstream::http {

class Server {
public:
    Server(boost::asio::any_io_executor executor, Options options, Services& services);

    //   forbidden, malformed, unavailable   as Listener::bind; nothing has been started then
    [[nodiscard]] Result<void> start();
    [[nodiscard]] std::uint16_t port() const noexcept { return open_.port(); }
    [[nodiscard]] std::uint16_t admin_port() const noexcept { return admin_.port(); }

    // Certificates are read again when their files change; this does it at once.
    void reload_certificates();

    // When the certificate that is served now expires, in Unix seconds; none: plain HTTP.
    [[nodiscard]] std::optional<std::int64_t> certificate_expiry(Surface surface) const noexcept;

    // Must be awaited once after start(). Requests `services.stop`. The operators' listener answers
    // until the end, so that the drain can be watched. Returns the number of connections that had
    // to be cut.
    [[nodiscard]] Task<std::size_t> drain(std::chrono::milliseconds longest);

private:
    Options options_;
    Services& services_;
    Listener open_;
    Listener admin_;
};

} // namespace sealstream::http
