#pragma once

// An HTTPS server for tests, on the test's io_context: says the same bytes to everybody, as slowly
// as the test likes.

#include "core/async/task_group.hpp"
#include "tests/support/authority.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace sealstream::testing {

class HttpsServer {
public:
    HttpsServer(boost::asio::io_context& context, const CertificateFiles& certificate);
    ~HttpsServer(); // after stop()
    HttpsServer(const HttpsServer&) = delete;
    HttpsServer& operator=(const HttpsServer&) = delete;

    // 200 with this body.
    void answer_with(const std::string& body);

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url(const std::string& host = "localhost") const
    {
        return "https://" + host + ":" + std::to_string(port_) + "/keys";
    }
    // Runs the context until all connections have ended.
    void stop();

    std::string answer{};              // the bytes, with their header
    std::chrono::milliseconds drip{0}; // between two bytes; 0: all at once
    bool shakes_hands{true};           // false: is silent from the beginning
    std::size_t requests{0};
    std::string last_request{};

private:
    struct Native;
    [[nodiscard]] Task<void> accept_all();
    [[nodiscard]] Task<void> serve(boost::asio::ip::tcp::socket socket);

    boost::asio::io_context& context_;
    std::unique_ptr<Native> native_;
    boost::asio::ip::tcp::acceptor acceptor_;
    TaskGroup tasks_;
    Notifier stopped_;
    std::uint16_t port_{0};
};

} // namespace sealstream::testing
