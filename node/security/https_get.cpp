#include "node/security/https_get.hpp"

#include "node/security/tls_channel.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace sealstream::security {

namespace {

using boost::asio::ip::tcp;
namespace http = boost::beast::http;
using Parser = http::response_parser<http::string_body>;

constexpr std::size_t header_bytes_max = 16 << 10;
constexpr std::size_t read_bytes = 16 << 10;

// Shared with the timer, whose handler may run after the exchange has ended.
struct Exchange {
    explicit Exchange(const boost::asio::any_io_executor& executor)
        : resolver{executor},
          socket{executor},
          timer{executor}
    {
    }

    tcp::resolver resolver;
    tcp::socket socket;
    boost::asio::steady_timer timer;
    bool is_late{false};
};

std::string request_for(const HttpsUrl& url)
{
    return "GET " + url.target + " HTTP/1.1\r\nHost: " + url.authority +
           "\r\nAccept: application/json\r\nAccept-Encoding: identity\r\nUser-Agent: "
           "sealstream\r\nConnection: close\r\n\r\n";
}

Error unavailable(std::string what, const boost::system::error_code& failure)
{
    return {Errc::unavailable, std::move(what) + ": " + failure.message()};
}

Error refused_by_peer(const boost::system::error_code& failure)
{
    if (failure == http::error::body_limit) {
        return {Errc::too_large, "the answer is too long"};
    }
    return {Errc::malformed, "the answer is no HTTP: " + failure.message()};
}

Task<Result<void>> send_all(TlsChannel& channel, std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto moved = co_await channel.write_some(bytes);
        if (moved.failure) {
            co_return unavailable("sending the request", moved.failure);
        }
        bytes.remove_prefix(moved.size);
    }
    co_return Result<void>{};
}

Task<Result<void>> read_answer(TlsChannel& channel, Parser& parser)
{
    boost::beast::flat_buffer input;
    while (!parser.is_done()) {
        if (input.size() > header_bytes_max) { // a chunk's head, or a field, without end
            co_return Error{Errc::too_large, "a line of the answer is too long"};
        }
        const auto space = input.prepare(read_bytes);
        const std::span<char> to{static_cast<char*>(space.data()), space.size()};
        const auto read = co_await channel.read_some(to);
        boost::system::error_code failure;
        if (read.failure == boost::asio::error::eof && parser.got_some()) {
            parser.put_eof(failure); // where nothing else says how long the answer is
            if (failure) {
                co_return refused_by_peer(failure);
            }
            continue;
        }
        if (read.failure) {
            co_return unavailable("reading the answer", read.failure);
        }
        input.commit(read.size);
        while (input.size() != 0 && !parser.is_done() && !failure) {
            input.consume(parser.put(input.data(), failure));
        }
        if (failure && failure != http::error::need_more) {
            co_return refused_by_peer(failure);
        }
    }
    co_return Result<void>{};
}

Task<Result<std::string>> perform(std::shared_ptr<Exchange> exchange, const HttpsWish& wish)
{
    TlsClientFiles files;
    files.ca_file = wish.ca_file;
    SEAL_CO_TRY(trust, TlsTrust::load(files));
    const std::string service = std::to_string(wish.url.port);
    const auto [unknown, places] =
        co_await exchange->resolver.async_resolve(wish.url.host, service, use_tuple);
    if (unknown || exchange->is_late) {
        co_return unavailable("looking up " + wish.url.host, unknown);
    }
    const auto goes_on = [&exchange](const auto&, const auto&) { return !exchange->is_late; };
    const auto [unreached, place] =
        co_await boost::asio::async_connect(exchange->socket, places, goes_on, use_tuple);
    if (unreached) {
        co_return unavailable("connecting to " + wish.url.authority, unreached);
    }
    boost::system::error_code ignored;
    exchange->socket.non_blocking(true, ignored);
    TlsChannel channel{exchange->socket, *trust, wish.url.host};
    SEAL_CO_TRY_VOID(co_await channel.handshake());
    const std::string request = request_for(wish.url);
    SEAL_CO_TRY_VOID(co_await send_all(channel, request));
    Parser parser;
    parser.header_limit(header_bytes_max);
    parser.body_limit(wish.bytes_max);
    parser.eager(true);
    SEAL_CO_TRY_VOID(co_await read_answer(channel, parser));
    const unsigned status = parser.get().result_int();
    if (status != 200) {
        co_return Error{Errc::unavailable,
                        "the server answers " + std::to_string(status) +
                            (status >= 300 && status < 400 ? ", and is not followed" : "")};
    }
    co_return std::move(parser.get().body());
}

} // namespace

Task<Result<std::string>> https_get(boost::asio::any_io_executor executor, HttpsWish wish)
{
    auto exchange = std::make_shared<Exchange>(executor);
    exchange->timer.expires_after(wish.timeout);
    exchange->timer.async_wait([exchange](const boost::system::error_code& cancelled) {
        if (!cancelled) {
            exchange->is_late = true;
            // Not close(): TLS knows the socket by its number, which may soon be another's.
            boost::system::error_code ignored;
            exchange->resolver.cancel();
            exchange->socket.shutdown(tcp::socket::shutdown_both, ignored);
            exchange->socket.cancel(ignored);
        }
    });
    auto got = co_await perform(exchange, wish);
    exchange->timer.cancel();
    if (!got && exchange->is_late) {
        co_return Error{Errc::timed_out,
                        "no whole answer within " + std::to_string(wish.timeout.count()) + " ms"};
    }
    co_return got;
}

} // namespace sealstream::security
