#pragma once

// Bytes to a node and back, with TLS when its URL says so. Every wait ends after the patience of
// the access; the look-up of a name can outlast it by what the system's resolver takes.

#include "core/async/awaitable.hpp"
#include "node/cli/node_access.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <span>

namespace sealstream::cli {

class NodeConnection {
public:
    NodeConnection(const boost::asio::any_io_executor& executor, NodeAccess access);
    ~NodeConnection();
    NodeConnection(const NodeConnection&) = delete;
    NodeConnection& operator=(const NodeConnection&) = delete;

    // Connects, and checks who the node is. The text says what to do about an error.
    //   unavailable       it is not reached, or silent
    //   unauthenticated   one of the two does not trust the other
    //   malformed         it does not speak TLS; or a file of ours is not what it should be
    //   not_found         a file of ours
    [[nodiscard]] Task<Result<void>> open();

    // All of them; `bytes` must live as long. After an error receive() may still bring what the
    // node has said before it went.
    //   unavailable, unauthenticated
    [[nodiscard]] Task<Result<void>> send(std::string_view bytes);

    // At least one byte; none at the end of the connection.
    //   unavailable, unauthenticated
    [[nodiscard]] Task<Result<std::size_t>> receive(std::span<char> to);

    [[nodiscard]] const NodeAccess& access() const noexcept { return access_; }

private:
    struct Socket;
    [[nodiscard]] Task<Result<void>> connect();
    [[nodiscard]] Task<Result<void>> shake_hands();
    void arm();
    [[nodiscard]] Error broken(std::string_view why) const;

    NodeAccess access_;
    std::shared_ptr<Socket> socket_; // shared with the timer, whose handler may run later
    bool has_received_{false};
};

} // namespace sealstream::cli
