#include "node/http/listener.hpp"

#include "core/base/log.hpp"

#include <boost/asio/ip/address.hpp>

namespace sealstream::http {

namespace {

using boost::asio::ip::tcp;

constexpr int backlog_connections = 1024;
constexpr std::chrono::milliseconds accept_retry{50}; // out of descriptors

Task<void> run_session(std::unique_ptr<Session> session, Notifier* room)
{
    co_await session->run();
    session.reset();
    room->notify_all();
}

} // namespace

Listener::Listener(boost::asio::any_io_executor executor, Surface surface, const Options& options,
                   Services& services)
    : options_{options},
      shared_{options, services, surface, {}, {}, {}, {}},
      acceptor_{executor},
      room_{executor},
      finished_{executor},
      sessions_{executor},
      loops_{executor}
{
}

const security::TlsOptions& Listener::tls_options() const noexcept
{
    return shared_.surface == Surface::clients ? options_.tls : options_.admin_tls;
}

// Off loopback, bytes must be hidden and clients known. Operators' probes need no name: whoever has
// none is told about health and nothing else.
Result<void> Listener::may_bind(const boost::asio::ip::address& ip) const
{
    if (ip.is_loopback()) {
        return {};
    }
    const bool is_clients = shared_.surface == Surface::clients;
    const std::string prefix = is_clients ? "http." : "http.admin_";
    const auto& tls = tls_options();
    const bool is_plain_allowed =
        is_clients ? options_.is_plain_anywhere : options_.is_admin_plain_anywhere;
    if (!tls.is_on() && !is_plain_allowed) {
        return Error{Errc::forbidden,
                     "will not listen on " + ip.to_string() + " without TLS: set " + prefix +
                         "tls.certificate_file and " + prefix +
                         "tls.key_file, or bind 127.0.0.1 or ::1; where something else encrypts, "
                         "set " +
                         prefix + "plaintext: anywhere"};
    }
    const bool knows_clients = options_.has_authentication ||
                               tls.client_certificates != security::ClientCertificates::none;
    if (is_clients && !knows_clients) {
        return Error{Errc::forbidden,
                     "will not listen on " + ip.to_string() +
                         ", because nobody could sign in: set http.tls.client_certificates, "
                         "or tokens.issuers, or an anonymous rule in access.rules"};
    }
    return {};
}

Result<void> Listener::bind(const std::string& address, std::uint16_t port)
{
    boost::system::error_code failure;
    const auto ip = boost::asio::ip::make_address(address, failure);
    if (failure) {
        return Error{Errc::malformed, "\"" + address + "\" is not an IP address"};
    }
    SEAL_TRY_VOID(may_bind(ip));
    if (tls_options().is_on()) {
        SEAL_TRY(certificates, security::TlsCertificates::load(tls_options()));
        shared_.certificates = std::move(certificates);
    }
    const tcp::endpoint endpoint{ip, port};
    acceptor_.open(endpoint.protocol(), failure);
    if (!failure) {
        acceptor_.set_option(tcp::acceptor::reuse_address{true}, failure);
    }
    if (!failure) {
        acceptor_.bind(endpoint, failure);
    }
    if (!failure) {
        acceptor_.listen(backlog_connections, failure);
    }
    if (!failure) {
        acceptor_.non_blocking(true, failure);
    }
    if (failure) {
        return Error{Errc::unavailable, "can not listen on " + address + ":" +
                                            std::to_string(port) + ": " + failure.message()};
    }
    port_ = acceptor_.local_endpoint().port();
    return {};
}

void Listener::start()
{
    shared_.date = to_http_date(shared_.services.clock.wall().nanoseconds / 1'000'000'000);
    loops_.spawn("http.accept", accept_all());
    loops_.spawn("http.sweep", sweep_all());
}

bool Listener::has_room_for(const tcp::socket& socket) const
{
    const auto most = shared_.services.gate->options().rates.connections_per_client_max;
    if (most == 0 || shared_.surface == Surface::operators) {
        return true;
    }
    boost::system::error_code ignored;
    const auto peer = socket.remote_endpoint(ignored).address().to_string();
    const auto found = shared_.connections_of.find(peer);
    return found == shared_.connections_of.end() || found->second < most;
}

void Listener::serve(tcp::socket socket)
{
    if (!has_room_for(socket)) {
        shared_.services.metrics.request_rejected(Rejection::rate_limit);
        return; // closed without a word: nothing has been read yet
    }
    auto session = std::make_unique<Session>(std::move(socket), shared_);
    sessions_.spawn("http.session", run_session(std::move(session), &room_),
                    TaskGroup::OnThrow::log_and_continue);
}

Task<void> Listener::accept_all()
{
    while (acceptor_.is_open()) {
        if (connections() >= options_.connections_max) {
            shared_.services.metrics.request_rejected(Rejection::overload);
            co_await room_.wait_for(options_.timeouts.sweep);
            continue;
        }
        auto [failure, socket] = co_await acceptor_.async_accept(use_tuple);
        if (!failure) {
            serve(std::move(socket));
        } else if (failure != boost::asio::error::operation_aborted) {
            log(Level::warn, "http.accept_failed", "http", {{"reason", failure.message()}});
            co_await room_.wait_for(accept_retry);
        }
    }
}

Task<void> Listener::sweep_all()
{
    auto look_at_files = std::chrono::steady_clock::now();
    while (!is_finished_) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= look_at_files) {
            refresh_certificates(false);
            look_at_files = now + security::certificates_poll;
        }
        const bool is_draining = shared_.services.stop.requested();
        for (Session* session : shared_.sessions) {
            session->sweep(now, is_draining);
        }
        shared_.date = to_http_date(shared_.services.clock.wall().nanoseconds / 1'000'000'000);
        co_await finished_.wait_for(options_.timeouts.sweep);
    }
}

void Listener::refresh_certificates(bool is_forced)
{
    if (shared_.certificates == nullptr) {
        return;
    }
    const auto refreshed = shared_.certificates->refresh(is_forced);
    const std::string file = tls_options().certificate_file.string();
    if (!refreshed) {
        log(Level::warn, "http.certificate_not_loaded", "http",
            {{"file", file}, {"reason", describe(refreshed.error())}});
    } else if (*refreshed) {
        log(Level::info, "http.certificate_loaded", "http",
            {{"file", file}, {"serial", shared_.certificates->current()->serial()}});
    }
}

void Listener::stop_accepting()
{
    boost::system::error_code failure;
    while (acceptor_.is_open() && !failure) {
        tcp::socket socket{acceptor_.get_executor()};
        acceptor_.accept(socket, failure);
        if (!failure) {
            serve(std::move(socket));
        }
    }
    acceptor_.close(failure);
    room_.notify_all();
}

Task<std::size_t> Listener::finish(std::chrono::milliseconds longest)
{
    const std::size_t left = co_await sessions_.wait_idle(longest);
    for (Session* session : shared_.sessions) {
        session->cut();
    }
    const auto moment = options_.timeouts.sweep;
    co_await sessions_.wait_idle(moment);
    is_finished_ = true;
    finished_.notify_all();
    co_await loops_.wait_idle(moment);
    co_return left;
}

} // namespace sealstream::http
