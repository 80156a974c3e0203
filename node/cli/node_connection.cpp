#include "node/cli/node_connection.hpp"

#include "node/cli/node_trouble.hpp"
#include "node/security/tls_channel.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/steady_timer.hpp>

#include <optional>

namespace sealstream::cli {

namespace {

using boost::asio::ip::tcp;

} // namespace

struct NodeConnection::Socket {
    explicit Socket(const boost::asio::any_io_executor& executor)
        : resolver{executor},
          socket{executor},
          timer{executor}
    {
    }

    tcp::resolver resolver;
    tcp::socket socket;
    boost::asio::steady_timer timer;
    std::optional<security::TlsChannel> tls;
    bool is_late{false};
};

NodeConnection::NodeConnection(const boost::asio::any_io_executor& executor, NodeAccess access)
    : access_{std::move(access)},
      socket_{std::make_shared<Socket>(executor)}
{
}

NodeConnection::~NodeConnection()
{
    socket_->timer.cancel();
}

void NodeConnection::arm()
{
    socket_->timer.expires_after(access_.patience);
    socket_->timer.async_wait([socket = socket_](const boost::system::error_code& cancelled) {
        // A handler that was queued before the timer was armed anew is not about this wait.
        if (cancelled || socket->timer.expiry() > std::chrono::steady_clock::now()) {
            return;
        }
        socket->is_late = true;
        // Not close(): TLS knows the socket by its number, which may soon be another's.
        boost::system::error_code ignored;
        socket->resolver.cancel();
        socket->socket.shutdown(tcp::socket::shutdown_both, ignored);
        socket->socket.cancel(ignored);
    });
}

Error NodeConnection::broken(std::string_view why) const
{
    if (socket_->is_late) {
        return no_answer(access_.url, "silent for " + std::to_string(access_.patience.count()) +
                                          " s, see --timeout");
    }
    if (socket_->tls && !socket_->tls->alert().empty()) {
        return no_trust(access_, Error{Errc::unauthenticated}, socket_->tls->alert());
    }
    return socket_->tls && !has_received_ ? no_answer_after_handshake(access_, why)
                                          : no_answer(access_.url, why);
}

Task<Result<void>> NodeConnection::open()
{
    SEAL_CO_TRY_VOID(co_await connect());
    if (access_.url.is_tls) {
        SEAL_CO_TRY_VOID(co_await shake_hands());
    }
    co_return Result<void>{};
}

Task<Result<void>> NodeConnection::connect()
{
    arm();
    const auto [unknown, places] =
        co_await socket_->resolver.async_resolve(access_.url.host, access_.url.port, use_tuple);
    if (unknown || socket_->is_late) {
        co_return broken(unknown.message());
    }
    const auto goes_on = [socket = socket_](const auto&, const auto&) { return !socket->is_late; };
    const auto [unreached, place] =
        co_await boost::asio::async_connect(socket_->socket, places, goes_on, use_tuple);
    if (unreached) {
        co_return broken(unreached.message());
    }
    boost::system::error_code ignored;
    socket_->socket.non_blocking(true, ignored);
    socket_->socket.set_option(tcp::no_delay{true}, ignored);
    co_return Result<void>{};
}

Task<Result<void>> NodeConnection::shake_hands()
{
    security::TlsClientFiles files;
    files.ca_file = access_.ca_file;
    files.certificate_file = access_.certificate_file;
    files.key_file = access_.key_file.empty() ? access_.certificate_file : access_.key_file;
    SEAL_CO_TRY(trust, security::TlsTrust::load(files));
    socket_->tls.emplace(socket_->socket, *trust, access_.url.host);
    arm();
    const auto shaken = co_await socket_->tls->handshake();
    if (shaken) {
        co_return Result<void>{};
    }
    if (socket_->is_late) {
        co_return broken({});
    }
    co_return no_trust(access_, shaken.error(), socket_->tls->alert());
}

Task<Result<void>> NodeConnection::send(std::string_view bytes)
{
    while (!bytes.empty()) {
        arm();
        boost::system::error_code failure;
        std::size_t size = 0;
        if (socket_->tls) {
            const auto moved = co_await socket_->tls->write_some(bytes);
            failure = moved.failure;
            size = moved.size;
        } else {
            const auto buffer = boost::asio::buffer(bytes.data(), bytes.size());
            const auto [unsent, sent] =
                co_await socket_->socket.async_write_some(buffer, use_tuple);
            failure = unsent;
            size = sent;
        }
        if (failure) {
            co_return broken(failure.message());
        }
        bytes.remove_prefix(size);
    }
    co_return Result<void>{};
}

Task<Result<std::size_t>> NodeConnection::receive(std::span<char> to)
{
    arm();
    boost::system::error_code failure;
    std::size_t size = 0;
    if (socket_->tls) {
        const auto moved = co_await socket_->tls->read_some(to);
        failure = moved.failure;
        size = moved.size;
    } else {
        const auto buffer = boost::asio::buffer(to.data(), to.size());
        const auto [unread, read] = co_await socket_->socket.async_read_some(buffer, use_tuple);
        failure = unread;
        size = read;
    }
    if (failure == boost::asio::error::eof && !socket_->is_late && has_received_) {
        co_return std::size_t{0};
    }
    if (failure) {
        co_return broken(failure.message());
    }
    has_received_ = true;
    co_return size;
}

} // namespace sealstream::cli
