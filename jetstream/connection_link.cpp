// The link to the server: made, lost, and made again as a whole.

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "jetstream/connection_shared.hpp"
#include "jetstream/side_threads.hpp"

#include <boost/asio/post.hpp>
#include <openssl/crypto.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace sealstream::jetstream {

namespace {

// The threads of nats.c end only in nats_Close(), and even that does not wait for their last steps,
// which use OpenSSL. So OpenSSL is not cleaned up when the process ends: that would race with them.
// The first use of OpenSSL decides it, hence before main().
const bool is_openssl_kept = OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr) == 1;

void open_library()
{
    static const bool is_open = is_openssl_kept && nats_Open(-1) == NATS_OK;
    SEAL_CHECK(is_open, "nats.c starts its threads");
}

// host:port of a URL of the settings, or as the library writes them.
std::string_view address_of(std::string_view url)
{
    const auto scheme = url.find("://");
    url.remove_prefix(scheme == std::string_view::npos ? 0 : scheme + 3);
    const auto user = url.rfind('@');
    url.remove_prefix(user == std::string_view::npos ? 0 : user + 1);
    return url;
}

// All but the server that the connection is with: those of the settings, else those that the server
// has named.
std::vector<std::string> other_servers(natsConnection* connection, std::vector<std::string> urls)
{
    std::array<char, 512> buffer{};
    if (natsConnection_GetConnectedUrl(connection, buffer.data(), buffer.size()) != NATS_OK) {
        return {};
    }
    const auto is_here = [here = address_of(buffer.data())](const std::string& url) {
        return address_of(url) == here;
    };
    std::erase_if(urls, is_here);
    char** named = nullptr;
    int count = 0;
    if (urls.empty() &&
        natsConnection_GetDiscoveredServers(connection, &named, &count) == NATS_OK) {
        for (int at = 0; at < count; ++at) {
            urls.emplace_back(named[at]);
            std::free(named[at]);
        }
        std::free(named);
        std::erase_if(urls, is_here);
    }
    return urls;
}

Result<std::string> first_line(const std::string& file)
{
    std::ifstream input{file};
    std::string line;
    if (!std::getline(input, line) || line.empty()) {
        return Error{Errc::not_found, "can not read a password from " + file};
    }
    if (line.back() == '\r') {
        line.pop_back();
    }
    return line;
}

constexpr std::size_t drained_at_once =
    4'096; // messages of one subscription, before others have a turn

} // namespace

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

std::vector<std::string> Connection::Shared::own_urls() const
{
    std::vector<std::string> urls;
    for (std::size_t at = 0; at <= options.url.size();) {
        const auto comma = std::min(options.url.find(',', at), options.url.size());
        urls.push_back(options.url.substr(at, comma - at));
        at = comma + 1;
    }
    return urls;
}

// Makes one connection, with an event loop and a protocol parser of its own.
Result<ConnectionHandle> Connection::Shared::connect()
{
    open_library();
    natsOptions* raw_options = nullptr;
    natsStatus status = natsOptions_Create(&raw_options);
    const OptionsHandle settings{raw_options};
    std::vector<std::string> urls;
    std::shared_ptr<EventLoop> fresh_loop;
    {
        const std::lock_guard lock{gate};
        if (is_closed) {
            return Error{Errc::shutting_down, {}};
        }
        urls = std::exchange(others, {});
        loop = EventLoop::make(home, [this] { deliver(); });
        fresh_loop = loop;
    }
    if (urls.empty()) {
        urls = own_urls();
    }
    std::vector<const char*> servers;
    for (const std::string& url : urls) {
        servers.push_back(url.c_str());
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
    if (!options.nkey.empty()) {
        set(natsOptions_SetNKeyFromSeed(to, options.nkey.c_str(), options.nkey_seed_file.c_str()));
    }
    if (!options.user.empty()) {
        // Read for each connection: it may have been changed.
        const auto password = first_line(options.password_file);
        if (!password) {
            return password.error();
        }
        set(natsOptions_SetUserInfo(to, options.user.c_str(), password->c_str()));
    }
    if (!options.tls_ca_file.empty()) {
        set(natsOptions_SetSecure(to, true));
        set(natsOptions_LoadCATrustedCertificates(to, options.tls_ca_file.c_str()));
    }
    if (!options.tls_certificate_file.empty()) {
        set(natsOptions_LoadCertificatesChain(to, options.tls_certificate_file.c_str(),
                                              options.tls_key_file.c_str()));
    }
    if (status != NATS_OK) {
        return status_error(status, "the options of the NATS connection");
    }
    // The closures outlive the connection: the library calls on_closed last.
    auto* const kept = new std::shared_ptr<Shared>{shared_from_this()};
    set(natsOptions_SetDisconnectedCB(
        to,
        [](natsConnection*, void* closure) {
            (*static_cast<std::shared_ptr<Shared>*>(closure))->lost();
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
        Error failed = status_error(status, "connecting to NATS");
        if (failed.code == Errc::timed_out) {
            failed.code = Errc::unavailable; // nothing was asked yet: there is no outcome to doubt
        }
        return failed;
    }
    return ConnectionHandle{raw_connection};
}

void Connection::Shared::leave_server()
{
    if (is_closed || handle == nullptr || !is_connected.load()) {
        return;
    }
    auto elsewhere = other_servers(handle.get(), own_urls());
    if (elsewhere.empty()) {
        return;
    }
    log(Level::warn, "nats.server_left", "jetstream",
        {{"reason", "it sees no quorum of its peers"},
         {"silent_ms", options.leave_server_after.count()}});
    const std::lock_guard lock{gate};
    others = std::move(elsewhere);
    loop->hang_up();
}

void Connection::Shared::lost()
{
    is_connected.store(false);
    const std::lock_guard lock{gate};
    if (is_closed) {
        return;
    }
    boost::asio::post(home, [self = shared_from_this()] {
        if (self->is_closed) {
            return;
        }
        if (self->state_handler) {
            self->state_handler(false);
        }
        self->changed.notify_all();
        self->begin_reconnect();
    });
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
    for (ServerPatience& one : patience) {
        one.begin_anew();
    }
    reconnects.fetch_add(1);
    is_connected.store(!natsConnection_IsClosed(handle.get()));
    if (is_connected.load() && state_handler) {
        state_handler(true);
    }
    changed.notify_all();
}

} // namespace sealstream::jetstream
