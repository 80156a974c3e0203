#pragma once

// Accepts connections on one address and keeps their deadlines. Beyond connections_max it stops
// accepting: the kernel's backlog, then the client, waits.

#include "core/async/task_group.hpp"
#include "node/http/session.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace sealstream::http {

class Listener {
public:
    Listener(boost::asio::any_io_executor executor, Surface surface, const Options& options,
             Services& services);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // With TLS when the options of the surface say so.
    //   forbidden     the address is not loopback, and the settings do not make that safe
    //   not_found, malformed  a certificate or key can not be read
    //   malformed     not an IP address
    //   unavailable   the address or the port can not be had
    [[nodiscard]] Result<void> bind(const std::string& address, std::uint16_t port);
    // From here on, finish() must be awaited before destruction.
    void start();
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::size_t connections() const noexcept { return shared_.sessions.size(); }

    // Reads certificates again when their files changed, or when told to. What does not load leaves
    // the old ones in use. Connections that are open keep what they have.
    void refresh_certificates(bool is_forced);

    // Of the one that is served now, in Unix seconds; none: plain HTTP.
    [[nodiscard]] std::optional<std::int64_t> certificate_expiry() const noexcept
    {
        return shared_.certificates == nullptr
                   ? std::nullopt
                   : std::optional{shared_.certificates->current()->not_after()};
    }

    // Takes what the kernel has already accepted for us, then no more.
    void stop_accepting();
    // Waits for all sessions; those that are left at the end are cut. Returns how many.
    [[nodiscard]] Task<std::size_t> finish(std::chrono::milliseconds longest);

private:
    [[nodiscard]] Result<void> may_bind(const boost::asio::ip::address& ip) const;
    [[nodiscard]] const security::TlsOptions& tls_options() const noexcept;
    [[nodiscard]] Task<void> accept_all();
    [[nodiscard]] Task<void> sweep_all();
    [[nodiscard]] bool has_room_for(const boost::asio::ip::tcp::socket& socket) const;
    void serve(boost::asio::ip::tcp::socket socket);

    const Options& options_;
    SessionShared shared_;
    boost::asio::ip::tcp::acceptor acceptor_;
    Notifier room_;     // a session has ended
    Notifier finished_; // the sweep may end
    TaskGroup sessions_;
    TaskGroup loops_;
    std::uint16_t port_{0};
    bool is_finished_{false};
};

} // namespace sealstream::http
