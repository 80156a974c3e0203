#pragma once

// One connection to NATS. Calls and handlers run on the node's I/O thread; the library's own
// threads only hand messages over. The reconnect buffer is off: what was not answered when a
// connection broke is of unknown outcome, and the owner is told by on_state().

#include "core/async/awaitable.hpp"
#include "core/async/notifier.hpp"
#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "jetstream/options.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/object.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sealstream::jetstream {

class Message; // jetstream/message.hpp

struct Header {
    const char* key;
    const char* value; // never empty: nats.c before 3.11 breaks the protocol on it
};

// What only a server that sees a quorum of its peers can answer.
enum class Asked : std::uint8_t { publish, request };

class Subscription {
public:
    virtual ~Subscription() = default; // unsubscribes
};

class Connection {
public:
    using Handler = std::function<void(Message)>;

    // Blocks up to connect_timeout: call it on the blocking pool, or before the I/O thread runs.
    //   unavailable   no server answers
    //   forbidden     the server does not take these credentials
    [[nodiscard]] static Result<std::unique_ptr<Connection>>
    open(const ConnectionOptions& options, boost::asio::any_io_executor home);

    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    //   unavailable   not connected: nothing was sent
    [[nodiscard]] Result<void> publish(const std::string& subject, const std::string& reply,
                                       std::span<const Header> headers, std::string_view payload);

    // Messages on `subject`, handed over on the I/O thread in order, without limit on how many
    // wait: the subscriber bounds what it asks for.
    [[nodiscard]] Result<std::unique_ptr<Subscription>> subscribe(const std::string& subject,
                                                                  Handler handler);

    // A request to the server's API, answered in JSON.
    //   unavailable   no connection, nobody answers, no quorum
    //   timed_out     no answer in time
    // An `error` object in the answer is returned as part of it.
    [[nodiscard]] Task<Result<boost::json::object>> request(std::string subject, std::string body,
                                                            std::chrono::milliseconds timeout);

    // Whether what the caller has published was stored, or had no answer (or the answer that there
    // is no quorum). After leave_server_after of the latter alone, the connection is given up for
    // one to another server of the URL, or of those that the server named; request() counts for
    // itself.
    void answered(Asked what) noexcept;
    void unanswered(Asked what, Monotonic asked);

    [[nodiscard]] std::string new_inbox() const; // unique, without a trailing dot
    [[nodiscard]] bool is_connected() const noexcept;
    [[nodiscard]] bool is_closed() const noexcept; // by us
    [[nodiscard]] std::uint64_t reconnects() const noexcept;
    // The largest message that the server takes, headers included, as it said when we connected; 0
    // while there is no connection.
    [[nodiscard]] std::int64_t payload_bytes_max() const noexcept;
    void on_state(std::function<void(bool is_connected)> handler);
    // Told when a server has been silent for leave_server_after, whether there is another or not.
    void on_silence(std::function<void()> handler);
    [[nodiscard]] Notifier& state_changed() noexcept; // for those who wait for the connection
    void close() noexcept;

private:
    struct Shared;
    class LibrarySubscription;
    explicit Connection(std::shared_ptr<Shared> shared);
    std::shared_ptr<Shared> shared_;
};

} // namespace sealstream::jetstream
