#pragma once

// A server on loopback with raw clients beside it on the same context, so that every byte and its
// moment are the test's.

#include "node/http/server.hpp"
#include "tests/node/http/http_world.hpp"
#include "tests/support/run_task.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace sealstream::testing {

class RawClient {
public:
    RawClient(boost::asio::io_context& context, std::uint16_t port);

    [[nodiscard]] Task<bool> send(std::string bytes);
    // Until `mark` has come, or the end of the connection; everything read so far.
    [[nodiscard]] Task<std::string> read_until(std::string mark);
    [[nodiscard]] Task<std::string> read_to_end();
    // Up to and with `mark`, and what has come since; both are taken away.
    [[nodiscard]] Task<std::string> take_until(std::string mark);
    [[nodiscard]] Task<std::string> take_some();
    // One answer with Content-Length; what follows stays for the next call.
    [[nodiscard]] Task<std::string> read_answer();
    void close_sending();
    [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }

private:
    [[nodiscard]] Task<bool> read_more();
    boost::asio::ip::tcp::socket socket_;
    std::string received_;
    bool has_ended_{false};
};

class ServerWorld : public HttpWorld {
public:
    explicit ServerWorld(http::Options options = quick(), http::Limits limits = {},
                         FeedHubOptions hub = {});
    ~ServerWorld();

    // Deadlines that a test can wait for.
    [[nodiscard]] static http::Options quick();
    [[nodiscard]] RawClient connect() { return RawClient{context, server.port()}; }
    // Sends `bytes`, reads to the end.
    [[nodiscard]] std::string exchange(std::string bytes, bool closes_sending = false);
    [[nodiscard]] std::size_t drain();
    void mark_drained() noexcept { is_drained_ = true; }

    http::Server server;

private:
    bool is_drained_{false};
};

// "POST … HTTP/1.1" with Host, Content-Type and Content-Length.
[[nodiscard]] std::string post_text(std::string_view target, std::string_view body,
                                    std::string_view more_fields = {});
[[nodiscard]] std::string get_text(std::string_view target, std::string_view more_fields = {});
[[nodiscard]] std::size_t count_of(std::string_view text, std::string_view part);

} // namespace sealstream::testing
