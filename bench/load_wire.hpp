#pragma once

// A connection of a load generator, in the clear or over TLS.

#include "core/async/awaitable.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <optional>
#include <string>
#include <tuple>

namespace sealstream::bench {

struct WireOptions {
    std::string address{"127.0.0.1"};
    std::uint16_t port{0};
    std::string ca_file; // turns TLS on: the node must show a certificate of it
    std::string certificate_file;
    std::string key_file;
};

// One for all connections. Throws boost::system::system_error when a file is not good.
inline std::optional<boost::asio::ssl::context> tls_context(const WireOptions& options)
{
    namespace ssl = boost::asio::ssl;
    if (options.ca_file.empty()) {
        return std::nullopt;
    }
    std::optional<ssl::context> context{std::in_place, ssl::context::tls_client};
    context->load_verify_file(options.ca_file);
    context->set_verify_mode(ssl::verify_peer);
    if (!options.certificate_file.empty()) {
        context->use_certificate_chain_file(options.certificate_file);
        context->use_private_key_file(options.key_file, ssl::context::pem);
    }
    return context;
}

class Wire {
public:
    using Code = boost::system::error_code;

    Wire(const boost::asio::any_io_executor& executor, boost::asio::ssl::context* tls)
        : socket_{executor}
    {
        if (tls != nullptr) {
            tls_.emplace(socket_, *tls);
        }
    }

    [[nodiscard]] Task<Code> connect(const WireOptions& options)
    {
        const boost::asio::ip::tcp::endpoint node{boost::asio::ip::make_address(options.address),
                                                  options.port};
        const auto [refused] = co_await socket_.async_connect(node, use_tuple);
        if (refused) {
            co_return refused;
        }
        socket_.set_option(boost::asio::ip::tcp::no_delay{true});
        if (!tls_) {
            co_return Code{};
        }
        const auto [failed] =
            co_await tls_->async_handshake(boost::asio::ssl::stream_base::client, use_tuple);
        co_return failed;
    }

    [[nodiscard]] Task<Code> write(const std::string& text)
    {
        const auto buffer = boost::asio::buffer(text);
        if (tls_) {
            const auto [failed, sent] = co_await boost::asio::async_write(*tls_, buffer, use_tuple);
            co_return failed;
        }
        const auto [failed, sent] = co_await boost::asio::async_write(socket_, buffer, use_tuple);
        co_return failed;
    }

    // Adds what comes to `text`.
    [[nodiscard]] Task<Code> read(std::string& text)
    {
        std::array<char, 65536> piece;
        const auto buffer = boost::asio::buffer(piece);
        Code code;
        std::size_t count = 0;
        if (tls_) {
            std::tie(code, count) = co_await tls_->async_read_some(buffer, use_tuple);
        } else {
            std::tie(code, count) = co_await socket_.async_read_some(buffer, use_tuple);
        }
        text.append(piece.data(), count);
        co_return code;
    }

private:
    boost::asio::ip::tcp::socket socket_;
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
};

} // namespace sealstream::bench
