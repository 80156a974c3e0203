// Long because the life of one connection is told in one place: made, lost, made again, closed.

#include "jetstream/connection.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "jetstream/event_loop.hpp"
#include "jetstream/message.hpp"
#include "jetstream/side_threads.hpp"

#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace sealstream::jetstream {

namespace {

// nats.c ends its own threads only in nats_Close(); one guard for the process.
void open_library()
{
    static const natsStatus opened = nats_Open(-1);
    SEAL_CHECK(opened == NATS_OK, "nats.c starts its threads");
}

Error status_error(natsStatus status, std::string_view what)
{
    const std::string text = std::string{what} + ": " + natsStatus_GetText(status);
    switch (static_cast<int>(status)) {
    case NATS_TIMEOUT:
        return Error{Errc::timed_out, text};
    case NATS_NOT_PERMITTED:
    case NATS_CONNECTION_AUTH_FAILED:
        return Error{Errc::forbidden, text};
    case NATS_MAX_PAYLOAD:
        return Error{Errc::too_large, text};
    case NATS_INVALID_ARG:
    case NATS_INVALID_SUBJECT:
        return Error{Errc::internal, text};
    default:
        return Error{Errc::unavailable, text};
    }
}

} // namespace

// Lives as long as any library callback may run.
struct Connection::Shared : std::enable_shared_from_this<Connection::Shared> {
    explicit Shared(boost::asio::any_io_executor executor) : home{executor}, changed{executor} {}

    boost::asio::any_io_executor home;
    ConnectionHandle handle;
    std::string inbox_prefix;
    Notifier changed;
    std::function<void(bool)> state_handler;
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

    void deliver();
    [[nodiscard]] Result<ConnectionHandle> connect();
    void begin_reconnect();
    void reconnect_until_closed();
    void adopt(ConnectionHandle fresh);

    void state(bool connected)
    {
        is_connected.store(connected);
        const std::lock_guard lock{gate};
        if (is_closed) {
            return;
        }
        boost::asio::post(home, [self = shared_from_this(), connected] {
            if (self->is_closed) {
                return;
            }
            if (self->state_handler) {
                self->state_handler(connected);
            }
            self->changed.notify_all();
            if (!connected) {
                self->begin_reconnect();
            }
        });
    }
};

namespace {

constexpr std::size_t drained_at_once =
    4'096; // messages of one subscription, before others have a turn

} // namespace

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

// Messages that the library has parsed. A handler may end any subscription, its own too, or the
// connection.
void Connection::Shared::deliver()
{
    const auto self = shared_from_this();
    std::vector<natsMsg*> arrived;
    const auto known = subscriptions;
    for (auto* const subscription : known) {
        if (!subscriptions.contains(subscription)) {
            continue;
        }
        const auto handler = subscription->handler_;
        std::uint64_t queued = 0;
        natsSubscription_QueuedMsgs(subscription->handle_.get(), &queued);
        for (std::size_t taken = 0; taken < queued && taken < drained_at_once; ++taken) {
            natsMsg* message = nullptr;
            if (natsSubscription_NextMsg(&message, subscription->handle_.get(), 0) != NATS_OK) {
                break;
            }
            arrived.push_back(message);
        }
        if (queued > drained_at_once) {
            boost::asio::post(home, [self] { self->deliver(); });
        }
        for (natsMsg* const message : arrived) {
            Message owned{message};
            // A new subscription may have the address of one that the handler has ended.
            if (subscriptions.contains(subscription) && subscription->handler_ == handler) {
                (*handler)(std::move(owned));
            }
        }
        arrived.clear();
    }
}

Connection::Connection(std::shared_ptr<Shared> shared) : shared_{std::move(shared)} {}

Connection::~Connection()
{
    close();
}

// Makes one connection, with an event loop and a protocol parser of its own.
Result<ConnectionHandle> Connection::Shared::connect()
{
    natsOptions* raw_options = nullptr;
    natsStatus status = natsOptions_Create(&raw_options);
    const OptionsHandle settings{raw_options};
    std::vector<std::string> urls;
    for (std::size_t at = 0; at <= options.url.size();) {
        const auto comma = std::min(options.url.find(',', at), options.url.size());
        urls.push_back(options.url.substr(at, comma - at));
        at = comma + 1;
    }
    std::vector<const char*> servers;
    for (const std::string& url : urls) {
        servers.push_back(url.c_str());
    }
    std::shared_ptr<EventLoop> fresh_loop;
    {
        const std::lock_guard lock{gate};
        if (is_closed) {
            return Error{Errc::shutting_down, {}};
        }
        loop = EventLoop::make(home, [this] { deliver(); });
        fresh_loop = loop;
    }
    const auto set = [&status](natsStatus next) { status = status == NATS_OK ? next : status; };
    auto* const to = settings.get();
    set(natsOptions_SetServers(to, servers.data(), static_cast<int>(servers.size())));
    set(natsOptions_SetName(to, options.name.c_str()));
    set(natsOptions_SetTimeout(to, options.connect_timeout.count()));
    set(natsOptions_SetAllowReconnect(to, false)); // we do: see begin_reconnect()
    set(natsOptions_SetPingInterval(to, options.ping_interval.count()));
    set(natsOptions_SetMaxPingsOut(to, 2));
    set(natsOptions_SetWriteDeadline(to, options.write_timeout.count()));
    set(natsOptions_SetFailRequestsOnDisconnect(to, true));
    set(natsOptions_SetSendAsap(to, true)); // to the event loop, which gathers what comes together
    set(fresh_loop->attach_to(to));
    set(natsOptions_SetIOBufSize(to, 256 * 1024));
    if (!options.credentials_file.empty()) {
        set(natsOptions_SetUserCredentialsFromFiles(to, options.credentials_file.c_str(), nullptr));
    }
    // The closures outlive the connection: the library calls on_closed last.
    auto* const kept = new std::shared_ptr<Shared>{shared_from_this()};
    set(natsOptions_SetDisconnectedCB(
        to,
        [](natsConnection*, void* closure) {
            (*static_cast<std::shared_ptr<Shared>*>(closure))->state(false);
        },
        kept));
    set(natsOptions_SetClosedCB(
        to,
        [](natsConnection*, void* closure) {
            delete static_cast<std::shared_ptr<Shared>*>(closure);
        },
        kept));
    set(natsOptions_SetErrorHandler(
        to,
        [](natsConnection*, natsSubscription*, natsStatus failed, void*) {
            log(Level::warn, "nats.error", "jetstream", {{"status", natsStatus_GetText(failed)}});
        },
        nullptr));
    natsConnection* raw_connection = nullptr;
    if (status == NATS_OK) {
        status = natsConnection_Connect(&raw_connection, to);
    }
    if (status != NATS_OK) {
        delete kept;
        return status_error(status, "connecting to NATS");
    }
    return ConnectionHandle{raw_connection};
}

// In the event loop's mode nats.c keeps its parser from one connection to the next, so that one
// that is cut in the middle of a message spoils what follows (nats.c issue 1007). A lost connection
// is therefore given up whole, and a new one made.
void Connection::Shared::begin_reconnect()
{
    std::shared_ptr<EventLoop> old_loop;
    {
        const std::lock_guard lock{gate};
        old_loop = loop;
    }
    old_loop->close();
    close_aside(std::move(handle));
    run_aside([self = shared_from_this()] { self->reconnect_until_closed(); });
}

void Connection::Shared::reconnect_until_closed() // on a side thread
{
    while (true) {
        std::this_thread::sleep_for(options.reconnect_wait);
        auto made = connect();
        if (!made && made.error().code == Errc::shutting_down) {
            return;
        }
        const std::lock_guard lock{gate};
        if (is_closed) {
            if (made) {
                natsConnection_Close(made->get());
            }
            return;
        }
        if (made) {
            auto fresh = std::make_shared<ConnectionHandle>(*std::move(made));
            boost::asio::post(
                home, [self = shared_from_this(), fresh] { self->adopt(std::move(*fresh)); });
            return;
        }
    }
}

void Connection::Shared::adopt(ConnectionHandle fresh)
{
    if (is_closed) {
        close_aside(std::move(fresh));
        return;
    }
    handle = std::move(fresh);
    for (auto* const subscription : subscriptions) {
        natsSubscription* raw = nullptr;
        // A failure means that the connection is lost again, which begins anew.
        if (natsConnection_SubscribeSync(&raw, handle.get(), subscription->subject_.c_str()) ==
            NATS_OK) {
            natsSubscription_SetPendingLimits(raw, -1, -1);
            subscription->handle_.reset(raw);
        }
    }
    reconnects.fetch_add(1);
    is_connected.store(!natsConnection_IsClosed(handle.get()));
    if (is_connected.load() && state_handler) {
        state_handler(true);
    }
    changed.notify_all();
}

Result<std::unique_ptr<Connection>> Connection::open(const ConnectionOptions& options,
                                                     boost::asio::any_io_executor home)
{
    open_library();
    auto shared = std::make_shared<Shared>(std::move(home));
    shared->options = options;
    auto made = shared->connect();
    if (!made) {
        shared->loop->close(); // it may have been given the connection that is gone
        return made.error();
    }
    shared->handle = *std::move(made);
    shared->is_connected.store(true);
    natsInbox* inbox = nullptr;
    if (natsInbox_Create(&inbox) == NATS_OK) {
        shared->inbox_prefix = inbox;
        natsInbox_Destroy(inbox);
    }
    std::unique_ptr<Connection> connection{new Connection{shared}};
    // One wildcard subscription for the answers to all requests.
    auto* const weak = shared.get();
    auto subscribed =
        connection->subscribe(shared->inbox_prefix + ".r.*", [weak](const Message& message) {
            const auto found = weak->waiting.find(message.subject());
            if (found != weak->waiting.end()) {
                found->second->is_done = true;
                found->second->answer = message.data();
                found->second->is_no_responders = message.is_no_responders();
                found->second->arrived->notify_all();
            }
        });
    if (!subscribed) {
        return subscribed.error();
    }
    shared->answers = *std::move(subscribed);
    return connection;
}

Result<void> Connection::publish(const std::string& subject, const std::string& reply,
                                 std::span<const Header> headers, std::string_view payload)
{
    if (shared_->is_closed || shared_->handle == nullptr || !shared_->is_connected.load()) {
        return Error{Errc::unavailable, "not connected to NATS"};
    }
    natsStatus status = NATS_OK;
    const char* const answer_to = reply.empty() ? nullptr : reply.c_str();
    if (headers.empty()) {
        status =
            answer_to != nullptr
                ? natsConnection_PublishRequest(shared_->handle.get(), subject.c_str(), answer_to,
                                                payload.data(), static_cast<int>(payload.size()))
                : natsConnection_Publish(shared_->handle.get(), subject.c_str(), payload.data(),
                                         static_cast<int>(payload.size()));
    } else {
        natsMsg* raw_message = nullptr;
        status = natsMsg_Create(&raw_message, subject.c_str(), answer_to, payload.data(),
                                static_cast<int>(payload.size()));
        const MessageHandle message{raw_message};
        for (const Header& header : headers) {
            if (status == NATS_OK) {
                status = natsMsgHeader_Set(message.get(), header.key, header.value);
            }
        }
        if (status == NATS_OK) {
            status = natsConnection_PublishMsg(shared_->handle.get(), message.get());
        }
    }
    if (status != NATS_OK) {
        return status_error(status, "publishing to NATS");
    }
    return {};
}

Result<std::unique_ptr<Subscription>> Connection::subscribe(const std::string& subject,
                                                            Handler handler)
{
    auto subscription = std::make_unique<LibrarySubscription>(shared_, subject, std::move(handler));
    if (shared_->handle == nullptr) {
        return Error{Errc::unavailable, "not connected to NATS"};
    }
    natsSubscription* raw = nullptr;
    const natsStatus status =
        natsConnection_SubscribeSync(&raw, shared_->handle.get(), subject.c_str());
    if (status != NATS_OK) {
        return status_error(status, "subscribing to " + subject);
    }
    subscription->handle_.reset(raw);
    natsSubscription_SetPendingLimits(raw, -1, -1);
    shared_->subscriptions.insert(subscription.get());
    return std::unique_ptr<Subscription>{std::move(subscription)};
}

Task<Result<boost::json::object>> Connection::request(std::string subject, std::string body,
                                                      std::chrono::milliseconds timeout)
{
    const auto self = shared_; // the connection may go while we wait
    const std::string reply = self->inbox_prefix + ".r." + std::to_string(self->next_inbox++);
    Shared::Waiting waiting;
    waiting.arrived = std::make_unique<Notifier>(self->home);
    self->waiting.emplace(reply, &waiting);
    const auto sent = publish(subject, reply, {}, body);
    if (sent && !waiting.is_done) {
        co_await waiting.arrived->wait_for(timeout);
    }
    self->waiting.erase(reply);
    if (self->is_closed && !waiting.is_done) {
        co_return Error{Errc::shutting_down, {}};
    }
    if (!sent) {
        co_return sent.error();
    }
    if (!waiting.is_done) {
        co_return Error{Errc::timed_out, "no answer to " + subject};
    }
    if (waiting.is_no_responders) {
        co_return Error{Errc::unavailable, "nobody answers " + subject + ": is JetStream enabled?"};
    }
    boost::system::error_code failed;
    auto document = boost::json::parse(waiting.answer, failed);
    if (failed || !document.is_object()) {
        co_return Error{Errc::unavailable, "the answer to " + subject + " is not JSON"};
    }
    co_return std::move(document.as_object());
}

std::string Connection::new_inbox() const
{
    return shared_->inbox_prefix + ".s" + std::to_string(shared_->next_inbox++);
}

bool Connection::is_connected() const noexcept
{
    return shared_->is_connected.load() && !shared_->is_closed;
}

bool Connection::is_closed() const noexcept
{
    return shared_->is_closed;
}

std::uint64_t Connection::reconnects() const noexcept
{
    return shared_->reconnects.load();
}

void Connection::on_state(std::function<void(bool)> handler)
{
    shared_->state_handler = std::move(handler);
}

Notifier& Connection::state_changed() noexcept
{
    return shared_->changed;
}

void Connection::close() noexcept
{
    {
        const std::lock_guard lock{shared_->gate};
        if (std::exchange(shared_->is_closed, true)) {
            return;
        }
    }
    shared_->state_handler = nullptr;
    for (const auto& [reply, waiting] : shared_->waiting) {
        waiting->arrived->notify_all();
    }
    shared_->answers.reset();
    std::shared_ptr<EventLoop> loop;
    {
        const std::lock_guard lock{shared_->gate};
        loop = shared_->loop;
    }
    loop->flush(); // nats.c before 3.13 may drop what is buffered
    loop->close();
    close_aside(std::move(shared_->handle));
    shared_->changed.notify_all();
}

} // namespace sealstream::jetstream
