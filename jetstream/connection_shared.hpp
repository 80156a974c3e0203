#pragma once

// The inside of a Connection, shared by its two halves: what callers ask of it (connection.cpp)
// and how its link to the server is made, lost and made again (connection_link.cpp).

#include "jetstream/connection.hpp"
#include "jetstream/event_loop.hpp"
#include "jetstream/message.hpp"
#include "jetstream/server_patience.hpp"

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <set>

namespace sealstream::jetstream {

[[nodiscard]] Error status_error(natsStatus status, std::string_view what);

// Lives as long as any library callback may run.
struct Connection::Shared : std::enable_shared_from_this<Connection::Shared> {
    Shared(boost::asio::any_io_executor executor, ConnectionOptions how)
        : home{executor},
          changed{executor},
          options{std::move(how)},
          patience{ServerPatience{options.leave_server_after},
                   ServerPatience{options.leave_server_after}}
    {
    }

    boost::asio::any_io_executor home;
    ConnectionHandle handle;
    SpentMessages spent;
    std::string inbox_prefix;
    Notifier changed;
    std::function<void(bool)> state_handler;
    std::function<void()> silence_handler;
    std::atomic<bool> is_connected{false};
    std::atomic<std::uint64_t> reconnects{0};
    std::mutex gate; // between close() and the library's threads
    bool is_closed{false};
    std::uint64_t next_inbox{0};

    struct Waiting {
        bool is_done{false};
        std::string answer;
        bool is_no_responders{false};
        std::unique_ptr<Notifier> arrived;
    };
    std::unique_ptr<Subscription> answers;
    std::map<std::string, Waiting*, std::less<>> waiting;
    std::set<LibrarySubscription*> subscriptions;
    std::shared_ptr<EventLoop> loop; // of the present or the next connection; guarded by gate
    ConnectionOptions options;
    std::array<ServerPatience, 2> patience; // by Asked
    std::vector<std::string> others;        // to try first, once; guarded by gate

    [[nodiscard]] std::vector<std::string> own_urls() const; // of the settings
    void leave_server();
    void deliver();
    [[nodiscard]] Result<ConnectionHandle> connect();
    void lost(); // on a thread of the library
    void begin_reconnect();
    void reconnect_until_closed();
    void adopt(ConnectionHandle fresh);
};

// A synchronous subscription of the library: no thread of its own. Messages wait in it until the
// socket's reader, at home, hands them over.
class Connection::LibrarySubscription final : public Subscription {
public:
    LibrarySubscription(std::shared_ptr<Shared> shared, std::string subject, Handler handler)
        : shared_{std::move(shared)},
          subject_{std::move(subject)},
          handler_{std::make_shared<const Handler>(std::move(handler))}
    {
    }
    ~LibrarySubscription() override { shared_->subscriptions.erase(this); }

    SubscriptionHandle handle_;
    std::shared_ptr<Shared> shared_;
    const std::string subject_;              // to subscribe again
    std::shared_ptr<const Handler> handler_; // deliver() keeps it while it runs
};

} // namespace sealstream::jetstream
