#pragma once

// One connection: reads requests one after the other, has them answered, writes the answers. Each
// phase has its deadline, kept by a sweep instead of a timer per operation.
//
// Executor    Everything happens on the I/O thread.
// Lifetime    run() holds the session; it ends when the connection does.
// Drain       The current request is answered with Connection: close; a silent connection is
// closed.

#include "node/http/dispatch.hpp"
#include "node/http/request_parser.hpp"
#include "node/http/response_writer.hpp"
#include "node/security/tls_certificates.hpp"
#include "node/security/tls_channel.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <list>
#include <map>

namespace sealstream::http {

class Session;

// What the sessions of one listener share.
struct SessionShared {
    const Options& options;
    Services& services;
    Surface surface;
    std::list<Session*> sessions;
    std::string date;                                                 // refreshed by the sweep
    std::unique_ptr<security::TlsCertificates> certificates{};        // null: plain HTTP
    std::map<std::string, std::size_t, std::less<>> connections_of{}; // by address
};

class Session final : public BodyReader, public Duplex {
public:
    Session(boost::asio::ip::tcp::socket socket, SessionShared& shared);
    ~Session() override;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    [[nodiscard]] Task<void> run();

    // Ends what has outlived its deadline; while draining, also what is silent.
    void sweep(Monotonic now, bool is_draining);
    // Closes the socket, whatever is going on.
    void cut() noexcept;

    [[nodiscard]] Task<Result<std::string_view>> read_some() override;

    [[nodiscard]] Task<bool> receive(std::string& to) override;
    [[nodiscard]] Task<bool> send(Pieces pieces) override;
    [[nodiscard]] bool is_too_slow() const noexcept override { return is_too_slow_; }
    void stop_receiving() noexcept override;

private:
    using Buffers = std::vector<boost::asio::const_buffer>;

    enum class Phase : std::uint8_t {
        handshake,
        idle,
        header,
        body,      // that is held whole
        streaming, // a body that is handled as it comes
        handling,
        write,
        linger
    };
    enum class Got : std::uint8_t { all, end, timeout, refused };

    [[nodiscard]] Task<bool> shake_hands();
    [[nodiscard]] Task<bool> receive_encrypted(std::string& to);
    [[nodiscard]] Task<bool> write_encrypted(Buffers buffers);
    [[nodiscard]] Task<bool> serve_one();
    [[nodiscard]] Task<Got> read_header();
    [[nodiscard]] Task<Got> read_body(std::size_t bytes_max);
    [[nodiscard]] Task<Got> read_input(std::size_t bytes_max);
    [[nodiscard]] Got parse();
    [[nodiscard]] Task<bool> accept_body(RequestContext& request, Response& response);
    [[nodiscard]] Task<bool> answer(Response& response);
    [[nodiscard]] Task<bool> send_stream(BodyStream& stream);
    [[nodiscard]] Task<bool> refuse(Got got);
    [[nodiscard]] Task<bool> write(std::string_view bytes);
    [[nodiscard]] Task<bool> write(Buffers buffers);
    [[nodiscard]] Task<void> linger();
    [[nodiscard]] Response refusal_for(Got got) const;
    void count_refusal(Got got);
    void enter(Phase phase, std::chrono::milliseconds longest);
    void stay(Phase phase)
    {
        phase_ = phase;
        deadline_ = Monotonic::max();
    }

    boost::asio::ip::tcp::socket socket_;
    std::unique_ptr<security::TlsChannel> tls_; // over socket_; null: plain
    std::optional<Result<security::CallerPtr>> certificate_;
    SessionShared& shared_;
    std::list<Session*>::iterator place_;
    boost::beast::flat_buffer input_;
    RequestHead head_;
    std::string body_;
    std::optional<RequestParser> parser_;
    std::string out_;
    Framing framing_{Framing::ok};
    Phase phase_{Phase::idle};
    Monotonic deadline_{Monotonic::max()};
    Monotonic entered_{};
    bool has_timed_out_{false};
    bool is_too_slow_{false}; // a write has timed out
    bool has_stopped_receiving_{false};
    bool is_local_{false};
    std::string peer_;          // address
    bool owes_continue_{false}; // the client waits for "100 Continue"
};

} // namespace sealstream::http
