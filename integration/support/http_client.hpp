#pragma once

// A plain HTTP/1.1 client on one kept-alive connection to 127.0.0.1; every call blocks, up to a
// bound. It tells apart what an honest appender must tell apart: nothing was sent, or it was sent
// and there is no answer.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sealstream::testing {

struct HttpAnswer {
    int status{0};
    std::string head;
    std::string body;

    // Empty when there is none; `name` as it is written by the server.
    [[nodiscard]] std::string field(std::string_view name) const;
};

class HttpConnection {
public:
    explicit HttpConnection(int port, std::chrono::seconds patience = std::chrono::seconds{25});
    ~HttpConnection() { close(); }
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;

    [[nodiscard]] bool connect(); // true when it is connected already
    [[nodiscard]] bool is_open() const noexcept { return socket_ >= 0; }
    void close();

    [[nodiscard]] bool send(const std::string& request); // false: not all of it was sent
    [[nodiscard]] std::optional<HttpAnswer> read_answer();

    // What has come, for answers without an end; empty after `longest` or at the end.
    [[nodiscard]] std::string read_some(std::chrono::milliseconds longest);

private:
    int port_;
    std::chrono::seconds patience_;
    int socket_{-1};
    std::string received_;
};

// GET on a connection of its own; nothing when there is no answer.
[[nodiscard]] std::optional<HttpAnswer> http_get(int port, const std::string& target);

} // namespace sealstream::testing
