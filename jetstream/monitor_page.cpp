#include "jetstream/monitor_page.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <charconv>
#include <memory>

namespace sealstream::jetstream {

namespace {

using boost::asio::ip::tcp;

constexpr std::size_t page_bytes_max = 1 << 20; // of those we read, which have some kilobytes
constexpr std::size_t status_at = 9;            // "HTTP/1.1 200 OK"

Error no_answer(const std::string& where, const std::string& why)
{
    return Error{Errc::unavailable, where + ": " + why};
}

} // namespace

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

std::vector<std::string> split_monitor_urls(std::string_view left)
{
    std::vector<std::string> urls;
    while (!left.empty()) {
        const auto url = left.substr(0, left.find(','));
        left.remove_prefix(std::min(url.size() + 1, left.size()));
        urls.emplace_back(url);
    }
    return urls;
}

Task<Result<MonitorPage>> read_monitor_page(std::string monitor_url, std::string path,
                                            boost::asio::any_io_executor home,
                                            std::chrono::milliseconds timeout)
{
    SEAL_CO_TRY(address, parse_monitor_url(monitor_url));
    const std::string where = monitor_url + path;
    tcp::resolver resolver{home};
    const auto [not_found, endpoints] =
        co_await resolver.async_resolve(address.host, address.port, use_tuple);
    if (not_found) {
        co_return no_answer(where, not_found.message());
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
        co_return no_answer(where, not_connected.message());
    }
    // HTTP/1.0: the answer ends with the connection.
    const std::string request = "GET " + path + " HTTP/1.0\r\nHost: " + address.host + "\r\n\r\n";
    const auto wire = boost::asio::buffer(request);
    const auto [not_sent, sent] = co_await boost::asio::async_write(socket, wire, use_tuple);
    if (not_sent) {
        co_return no_answer(where, not_sent.message());
    }
    std::string page;
    auto to = boost::asio::dynamic_buffer(page, page_bytes_max);
    const auto [ended, received] = co_await boost::asio::async_read(socket, to, use_tuple);
    const auto body = page.find("\r\n\r\n");
    int status = 0;
    if (page.starts_with("HTTP/1.") && page.size() > status_at) {
        std::from_chars(page.data() + status_at, page.data() + page.size(), status);
    }
    if (ended != boost::asio::error::eof || status == 0 || body == std::string::npos) {
        co_return no_answer(where, ended == boost::asio::error::eof
                                       ? page.substr(0, page.find('\r'))
                                       : ended.message());
    }
    co_return MonitorPage{status, page.substr(body + 4)};
}

} // namespace sealstream::jetstream
