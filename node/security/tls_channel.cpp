#include "node/security/tls_channel.hpp"

#include "core/base/check.hpp"
#include "node/security/tls_native.hpp"

#include <algorithm>
#include <limits>
#include <sys/socket.h>

namespace sealstream::security {

namespace {

using boost::asio::ip::tcp;

int socket_of(BIO* bio)
{
    return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE when the client has gone.
int send_bytes(BIO* bio, const char* bytes, std::size_t size, std::size_t* sent)
{
    BIO_clear_retry_flags(bio);
    const ssize_t result = ::send(socket_of(bio), bytes, size, MSG_NOSIGNAL);
    if (result < 0) {
        if (errno == EAGAIN || errno == EINTR) {
            BIO_set_retry_write(bio);
        }
        return 0;
    }
    *sent = static_cast<std::size_t>(result);
    return 1;
}

int receive_bytes(BIO* bio, char* bytes, std::size_t size, std::size_t* received)
{
    BIO_clear_retry_flags(bio);
    const ssize_t result = ::recv(socket_of(bio), bytes, size, 0);
    if (result < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_read(bio);
    }
    if (result <= 0) {
        return 0;
    }
    *received = static_cast<std::size_t>(result);
    return 1;
}

long control(BIO*, int command, long, void*)
{
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* quiet_socket()
{
    static BIO_METHOD* const method = [] {
        BIO_METHOD* const made =
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "quiet socket");
        SEAL_CHECK(made != nullptr, "OpenSSL has memory for one method");
        BIO_meth_set_write_ex(made, &send_bytes);
        BIO_meth_set_read_ex(made, &receive_bytes);
        BIO_meth_set_ctrl(made, &control);
        return made;
    }();
    return method;
}

int as_size(std::size_t size)
{
    return static_cast<int>(
        std::min(size, static_cast<std::size_t>(std::numeric_limits<int>::max())));
}

} // namespace

struct TlsChannel::Native {
    TlsHandle tls; // keeps its context

    void start(SSL_CTX* context, int socket)
    {
        tls.reset(SSL_new(context));
        BIO* const bio = BIO_new(quiet_socket());
        SEAL_CHECK(tls != nullptr && bio != nullptr, "OpenSSL has memory for a connection");
        BIO_set_data(bio, reinterpret_cast<void*>(std::intptr_t{socket}));
        BIO_set_init(bio, 1);
        SSL_set_bio(tls.get(), bio, bio);
    }
};

TlsChannel::TlsChannel(tcp::socket& socket, const TlsContext& context)
    : socket_{socket},
      native_{std::make_unique<Native>()}
{
    native_->start(context.native().context.get(), socket_.native_handle());
    SSL_set_accept_state(native_->tls.get());
}

TlsChannel::TlsChannel(tcp::socket& socket, const TlsTrust& trust, const std::string& host)
    : socket_{socket},
      native_{std::make_unique<Native>()}
{
    native_->start(trust.native().context.get(), socket_.native_handle());
    SSL* const tls = native_->tls.get();
    SSL_set_connect_state(tls);
    boost::system::error_code is_name;
    boost::asio::ip::make_address(host, is_name);
    X509_VERIFY_PARAM* const wanted = SSL_get0_param(tls);
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    // Names are also shown to the server (RFC 6066, 3), which may serve several.
    const bool is_set = is_name
                            ? SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                                       const_cast<char*>(host.c_str())) == 1 &&
                                  X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), 0) == 1
                            : X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1;
    SEAL_CHECK(is_set, "a host that can be connected to can be checked");
}

TlsChannel::~TlsChannel() = default;

TlsChannel::Wish TlsChannel::wish_after(int result) noexcept
{
    switch (SSL_get_error(native_->tls.get(), result)) {
    case SSL_ERROR_NONE:
        return Wish::done;
    case SSL_ERROR_WANT_READ:
        return Wish::read;
    case SSL_ERROR_WANT_WRITE:
        return Wish::write;
    case SSL_ERROR_ZERO_RETURN:
    case SSL_ERROR_SYSCALL:
        return Wish::end;
    default:
        return Wish::failed;
    }
}

void TlsChannel::note_alert()
{
    const auto first = ERR_peek_error();
    const char* const text =
        ERR_GET_REASON(first) > SSL_AD_REASON_OFFSET ? ERR_reason_error_string(first) : nullptr;
    alert_ = text == nullptr ? alert_ : text;
}

Task<boost::system::error_code> TlsChannel::wait_for(Wish wish)
{
    if (wish == Wish::end) {
        co_return boost::asio::error::eof;
    }
    if (wish == Wish::failed) {
        note_alert();
        ERR_clear_error();
        co_return boost::asio::error::connection_aborted;
    }
    const auto direction = wish == Wish::write ? tcp::socket::wait_write : tcp::socket::wait_read;
    const auto [failure] = co_await socket_.async_wait(direction, use_tuple);
    co_return failure;
}

Task<Result<void>> TlsChannel::handshake()
{
    for (;;) {
        ERR_clear_error();
        const Wish wish = wish_after(SSL_do_handshake(native_->tls.get()));
        if (wish == Wish::done) {
            co_return Result<void>{};
        }
        if (wish == Wish::failed) {
            const int reason = ERR_GET_REASON(ERR_peek_error());
            if (reason == SSL_R_HTTP_REQUEST) {
                ERR_clear_error();
                co_return Error{Errc::malformed, "http"};
            }
            if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
                ERR_clear_error();
                const long why = SSL_get_verify_result(native_->tls.get());
                co_return Error{Errc::unauthenticated, X509_verify_cert_error_string(why)};
            }
            note_alert();
            const bool is_about_trust =
                reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE || !alert_.empty();
            co_return Error{is_about_trust ? Errc::unauthenticated : Errc::malformed,
                            take_openssl_error()};
        }
        const auto failure = co_await wait_for(wish);
        if (failure) {
            co_return Error{Errc::unavailable, failure.message()};
        }
    }
}

Task<TlsChannel::Moved> TlsChannel::read_some(std::span<char> to)
{
    for (;;) {
        ERR_clear_error();
        const int result = SSL_read(native_->tls.get(), to.data(), as_size(to.size()));
        if (result > 0) {
            co_return Moved{{}, static_cast<std::size_t>(result)};
        }
        const Wish wish = wish_after(result);
        const auto failure = co_await wait_for(wish);
        if (failure) {
            co_return Moved{failure, 0};
        }
    }
}

TlsChannel::Moved TlsChannel::write_now(std::span<const char> bytes) noexcept
{
    ERR_clear_error();
    const int result = SSL_write(native_->tls.get(), bytes.data(), as_size(bytes.size()));
    if (result > 0) {
        return {{}, static_cast<std::size_t>(result)};
    }
    const Wish wish = wish_after(result);
    const bool is_early = wish == Wish::read || wish == Wish::write;
    return {is_early ? boost::asio::error::would_block : boost::asio::error::broken_pipe, 0};
}

Task<TlsChannel::Moved> TlsChannel::write_some(std::span<const char> bytes)
{
    for (;;) {
        ERR_clear_error();
        const int result = SSL_write(native_->tls.get(), bytes.data(), as_size(bytes.size()));
        if (result > 0) {
            co_return Moved{{}, static_cast<std::size_t>(result)};
        }
        const Wish wish = wish_after(result);
        const auto failure = co_await wait_for(wish);
        if (failure) {
            co_return Moved{failure, 0};
        }
    }
}

bool TlsChannel::has_pending() const noexcept
{
    return SSL_pending(native_->tls.get()) != 0;
}

void TlsChannel::close_sending() noexcept
{
    ERR_clear_error();
    if (SSL_is_init_finished(native_->tls.get()) == 1) {
        SSL_shutdown(native_->tls.get());
    }
    ERR_clear_error();
}

std::string TlsChannel::peer_certificate() const
{
    const X509* const certificate = SSL_get0_peer_certificate(native_->tls.get());
    if (certificate == nullptr || SSL_get_verify_result(native_->tls.get()) != X509_V_OK) {
        return {};
    }
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate, &der);
    std::string bytes;
    if (size > 0) {
        bytes.assign(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    }
    OPENSSL_free(der);
    return bytes;
}

} // namespace sealstream::security
