#include "jetstream/sync_mode.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>

#include <memory>

namespace sealstream::jetstream {

namespace {

namespace json = boost::json;
using boost::asio::ip::tcp;

constexpr std::size_t page_bytes_max = 1 << 20; // of /varz, which has some kilobytes

Error no_answer(const std::string& url, const std::string& why)
{
    return Error{Errc::unavailable, url + "/varz: " + why};
}

const json::object* object_if_there(const json::object& object, std::string_view key)
{
    const auto* value = object.if_contains(key);
    return value != nullptr ? value->if_object() : nullptr;
}

} // namespace

Result<SyncMode> parse_sync_mode(std::string_view varz)
{
    boost::system::error_code failed;
    const auto document = json::parse({varz.data(), varz.size()}, failed);
    const auto* page = failed ? nullptr : document.if_object();
    const auto* name = page != nullptr ? page->if_contains("server_name") : nullptr;
    const auto* jetstream = page != nullptr ? object_if_there(*page, "jetstream") : nullptr;
    if (name == nullptr || !name->is_string() || jetstream == nullptr) {
        return Error{Errc::malformed, "not the monitoring page of a nats-server"};
    }
    const auto* config = object_if_there(*jetstream, "config");
    if (config == nullptr) {
        return Error{Errc::unsupported, "the server has no JetStream"};
    }
    SyncMode mode;
    mode.server = std::string{name->as_string().data(), name->as_string().size()};
    const auto* always = config->if_contains("sync_always");
    mode.is_always = always != nullptr && always->is_bool() && always->as_bool();
    const auto* interval = config->if_contains("sync_interval");
    if (interval != nullptr && interval->is_int64()) {
        mode.interval = std::chrono::nanoseconds{interval->as_int64()};
    }
    return mode;
}

Result<MonitorAddress> parse_monitor_url(std::string_view url)
{
    constexpr std::string_view scheme = "http://";
    const Error wrong{Errc::malformed, "a monitoring URL is http://host:port"};
    if (!url.starts_with(scheme)) {
        return wrong;
    }
    url.remove_prefix(scheme.size());
    url = url.substr(0, url.find('/'));
    const auto colon = url.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == url.size()) {
        return wrong;
    }
    std::string_view host = url.substr(0, colon);
    if (host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    return MonitorAddress{std::string{host}, std::string{url.substr(colon + 1)}};
}

Task<Result<SyncMode>> read_sync_mode(std::string monitor_url, boost::asio::any_io_executor home,
                                      std::chrono::milliseconds timeout)
{
    SEAL_CO_TRY(address, parse_monitor_url(monitor_url));
    tcp::resolver resolver{home};
    const auto [not_found, endpoints] =
        co_await resolver.async_resolve(address.host, address.port, use_tuple);
    if (not_found) {
        co_return no_answer(monitor_url, not_found.message());
    }
    // Shared: the timer may have gone off, and its handler wait, when all this is over.
    const auto kept = std::make_shared<tcp::socket>(home);
    tcp::socket& socket = *kept;
    boost::asio::steady_timer deadline{home};
    deadline.expires_after(timeout);
    deadline.async_wait([kept](boost::system::error_code failed) {
        if (!failed) {
            boost::system::error_code ignored;
            kept->close(ignored);
        }
    });
    const auto [not_connected, peer] =
        co_await boost::asio::async_connect(socket, endpoints, use_tuple);
    if (not_connected) {
        co_return no_answer(monitor_url, not_connected.message());
    }
    // HTTP/1.0: the answer ends with the connection.
    const std::string request = "GET /varz HTTP/1.0\r\nHost: " + address.host + "\r\n\r\n";
    const auto wire = boost::asio::buffer(request);
    const auto [not_sent, sent] = co_await boost::asio::async_write(socket, wire, use_tuple);
    if (not_sent) {
        co_return no_answer(monitor_url, not_sent.message());
    }
    std::string page;
    auto to = boost::asio::dynamic_buffer(page, page_bytes_max);
    const auto [ended, received] = co_await boost::asio::async_read(socket, to, use_tuple);
    const auto body = page.find("\r\n\r\n");
    const bool is_good = ended == boost::asio::error::eof && page.starts_with("HTTP/1.") &&
                         page.substr(8, 5) == " 200 " && body != std::string::npos;
    if (!is_good) {
        co_return no_answer(monitor_url, ended == boost::asio::error::eof
                                             ? page.substr(0, page.find('\r'))
                                             : ended.message());
    }
    co_return parse_sync_mode(std::string_view{page}.substr(body + 4));
}

} // namespace sealstream::jetstream
