#pragma once

// TLS over a connected socket, on the I/O thread. The socket must not block; who cancels it ends
// the operations that wait. One read and one write at a time.

#include "core/async/awaitable.hpp"
#include "node/security/tls_context.hpp"
#include "node/security/tls_trust.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <span>

namespace sealstream::security {

class TlsChannel {
public:
    // As the server.
    TlsChannel(boost::asio::ip::tcp::socket& socket, const TlsContext& context);
    // As a client, of a server that must prove to be `host`: a name or an address.
    TlsChannel(boost::asio::ip::tcp::socket& socket, const TlsTrust& trust,
               const std::string& host);
    ~TlsChannel();
    TlsChannel(const TlsChannel&) = delete;
    TlsChannel& operator=(const TlsChannel&) = delete;

    struct Moved {
        boost::system::error_code failure;
        std::size_t size{0};
    };

    //   malformed         no TLS at all; the context is "http" when it was a plain HTTP request
    //   unauthenticated   the other side has no certificate that we trust, and why not; or it does
    //                     not trust ours, which alert() tells
    //   unavailable       the connection broke, or was cancelled
    [[nodiscard]] Task<Result<void>> handshake();

    // As the functions of a socket. The end of the connection is boost::asio::error::eof, whether
    // it was announced or not: HTTP says itself where a message ends.
    [[nodiscard]] Task<Moved> read_some(std::span<char> to);
    [[nodiscard]] Task<Moved> write_some(std::span<const char> bytes);
    // Without waiting; would_block when it would have to.
    [[nodiscard]] Moved write_now(std::span<const char> bytes) noexcept;

    // Decrypted bytes that wait here, where the socket does not show them.
    [[nodiscard]] bool has_pending() const noexcept;
    // Announces the end of what we send; does not wait.
    void close_sending() noexcept;

    // With which words the other side has ended the connection; empty: with none. A server of TLS
    // 1.3 refuses a client's certificate after the handshake (RFC 8446, 4.4.2.4), so that it is the
    // first read that fails.
    [[nodiscard]] const std::string& alert() const noexcept { return alert_; }

    // DER of the client's certificate, already verified; empty: it has none.
    [[nodiscard]] std::string peer_certificate() const;

private:
    struct Native;
    enum class Wish : std::uint8_t { done, read, write, end, failed };
    [[nodiscard]] Wish wish_after(int result) noexcept;
    [[nodiscard]] Task<boost::system::error_code> wait_for(Wish wish);
    void note_alert();

    boost::asio::ip::tcp::socket& socket_;
    std::unique_ptr<Native> native_;
    std::string alert_;
};

} // namespace sealstream::security
