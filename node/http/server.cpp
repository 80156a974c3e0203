#include "node/http/server.hpp"

#include "core/base/log.hpp"
#include "node/feeds/feed_hub.hpp"

namespace sealstream::http {

Server::Server(boost::asio::any_io_executor executor, Options options, Services& services)
    : options_{std::move(options)},
      services_{services},
      open_{executor, Surface::clients, options_, services},
      admin_{executor, Surface::operators, options_, services}
{
}

Result<void> Server::start()
{
    auto is_open = open_.bind(options_.address, options_.port);
    if (!is_open) {
        return is_open;
    }
    auto is_admin_open = admin_.bind(options_.admin_address, options_.admin_port);
    if (!is_admin_open) {
        return is_admin_open;
    }
    open_.start();
    admin_.start();
    log(Level::info, "http.listening", "http",
        {{"address", options_.address},
         {"port", open_.port()},
         {"admin_address", options_.admin_address},
         {"admin_port", admin_.port()}});
    return {};
}

void Server::reload_certificates()
{
    open_.refresh_certificates(true);
    admin_.refresh_certificates(true);
}

std::optional<std::int64_t> Server::certificate_expiry(Surface surface) const noexcept
{
    return surface == Surface::clients ? open_.certificate_expiry() : admin_.certificate_expiry();
}

Task<std::size_t> Server::drain(std::chrono::milliseconds longest)
{
    const auto began = std::chrono::steady_clock::now();
    services_.health.set_draining();
    open_.stop_accepting();
    services_.stop.request();
    services_.feeds.close();
    for (const auto& [name, other] : services_.other_ledgers) {
        other->feeds.close();
    }
    const std::size_t cut = co_await open_.finish(longest);
    admin_.stop_accepting();
    const auto moment = options_.drain_idle + options_.timeouts.sweep;
    const std::size_t admin_cut = co_await admin_.finish(moment);
    const auto took = std::chrono::steady_clock::now() - began;
    log(cut == 0 ? Level::info : Level::warn, "http.drained", "http",
        {{"connections_cut", cut},
         {"duration_ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count()}});
    co_return cut + admin_cut;
}

} // namespace sealstream::http
