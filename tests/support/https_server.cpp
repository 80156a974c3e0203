#include "tests/support/https_server.hpp"

#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace sealstream::testing {

namespace {

namespace ssl = boost::asio::ssl;
using boost::asio::ip::tcp;

} // namespace

struct HttpsServer::Native {
    ssl::context tls{ssl::context::tls_server};
};

HttpsServer::HttpsServer(boost::asio::io_context& context, const CertificateFiles& certificate)
    : context_{context},
      native_{std::make_unique<Native>()},
      acceptor_{context, {boost::asio::ip::address_v4::loopback(), 0}},
      tasks_{context.get_executor()},
      stopped_{context.get_executor()},
      port_{acceptor_.local_endpoint().port()}
{
    native_->tls.use_certificate_chain_file(certificate.certificate.string());
    native_->tls.use_private_key_file(certificate.key.string(), ssl::context::pem);
    tasks_.spawn("accept", accept_all());
}

HttpsServer::~HttpsServer() = default;

void HttpsServer::answer_with(const std::string& body)
{
    answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
             std::to_string(body.size()) + "\r\n\r\n" + body;
}

void HttpsServer::stop()
{
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    stopped_.notify_all();
    while (tasks_.running() != 0) {
        context_.restart();
        context_.run_for(std::chrono::milliseconds{10});
        stopped_.notify_all();
    }
}

Task<void> HttpsServer::accept_all()
{
    while (acceptor_.is_open()) {
        auto [failure, socket] = co_await acceptor_.async_accept(use_tuple);
        if (!failure) {
            tasks_.spawn("serve", serve(std::move(socket)));
        }
    }
}

Task<void> HttpsServer::serve(tcp::socket socket)
{
    constexpr std::chrono::seconds longest{10};
    ssl::stream<tcp::socket> stream{std::move(socket), native_->tls};
    if (!shakes_hands) {
        co_await stopped_.wait_for(longest);
        co_return;
    }
    const auto [refused] = co_await stream.async_handshake(ssl::stream_base::server, use_tuple);
    std::array<char, 4'096> space{};
    const auto buffer = boost::asio::buffer(space);
    std::string request;
    boost::system::error_code failure = refused;
    while (!failure && request.find("\r\n\r\n") == std::string::npos) {
        const auto [broken, size] = co_await stream.async_read_some(buffer, use_tuple);
        request.append(space.data(), size);
        failure = broken;
    }
    if (failure) {
        co_return;
    }
    ++requests;
    last_request = request;
    const std::string bytes = answer;
    const std::size_t step = drip.count() == 0 ? bytes.size() : 1;
    for (std::size_t at = 0; at < bytes.size() && !failure; at += step) {
        const auto piece = boost::asio::buffer(bytes.data() + at, step);
        const auto [broken, size] = co_await boost::asio::async_write(stream, piece, use_tuple);
        failure = broken;
        if (drip.count() != 0 && acceptor_.is_open()) {
            co_await stopped_.wait_for(drip);
        }
    }
    boost::system::error_code ignored;
    stream.next_layer().shutdown(tcp::socket::shutdown_both, ignored);
}

} // namespace sealstream::testing
