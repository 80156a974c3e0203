#include "tests/node/http/server_world.hpp"

#include <boost/asio/write.hpp>

#include <charconv>

namespace sealstream::testing {

using boost::asio::ip::tcp;
using namespace std::chrono_literals;

RawClient::RawClient(boost::asio::io_context& context, std::uint16_t port) : socket_{context}
{
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
}

Task<bool> RawClient::send(std::string bytes)
{
    const auto buffer = boost::asio::buffer(bytes);
    const auto [failure, size] = co_await boost::asio::async_write(socket_, buffer, use_tuple);
    co_return !failure;
}

Task<bool> RawClient::read_more()
{
    std::array<char, 16384> piece{};
    const auto buffer = boost::asio::buffer(piece);
    const auto [failure, size] = co_await socket_.async_read_some(buffer, use_tuple);
    received_.append(piece.data(), size);
    has_ended_ = has_ended_ || failure;
    co_return !failure;
}

Task<std::string> RawClient::read_until(std::string mark)
{
    std::size_t from = 0; // what is before has no mark
    for (bool goes_on = true; goes_on && received_.find(mark, from) == std::string::npos;) {
        from = received_.size() - std::min(received_.size(), mark.size());
        goes_on = co_await read_more();
    }
    co_return received_;
}

Task<std::string> RawClient::take_until(std::string mark)
{
    const std::string text = co_await read_until(mark);
    const auto end = std::min(text.find(mark), text.size() - mark.size()) + mark.size();
    received_.erase(0, end);
    co_return text.substr(0, end);
}

Task<std::string> RawClient::take_some()
{
    if (received_.empty()) {
        co_await read_more();
    }
    co_return std::exchange(received_, {});
}

Task<std::string> RawClient::read_to_end()
{
    bool goes_on = true;
    while (goes_on) {
        goes_on = co_await read_more();
    }
    co_return std::move(received_);
}

Task<std::string> RawClient::read_answer()
{
    constexpr std::string_view length_field = "Content-Length: ";
    for (bool goes_on = true; goes_on;) {
        const auto head = received_.find("\r\n\r\n");
        const auto length = received_.find(length_field);
        if (head != std::string::npos && length < head) {
            std::size_t body = 0;
            const char* digits = received_.data() + length + length_field.size();
            std::from_chars(digits, received_.data() + head, body);
            if (received_.size() >= head + 4 + body) {
                auto answer = received_.substr(0, head + 4 + body);
                received_.erase(0, head + 4 + body);
                co_return answer;
            }
        }
        goes_on = co_await read_more();
    }
    co_return std::string{};
}

void RawClient::close_sending()
{
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

http::Options ServerWorld::quick()
{
    http::Options options;
    options.drain_idle = 20ms;
    options.timeouts.idle = 5s;
    options.timeouts.header = 60ms;
    options.timeouts.body = 60ms;
    options.timeouts.body_silence = 60ms;
    options.timeouts.write = 200ms;
    options.timeouts.linger = 200ms;
    options.timeouts.sweep = 5ms;
    return options;
}

ServerWorld::ServerWorld(http::Options options, http::Limits limits, FeedHubOptions hub)
    : HttpWorld{limits, hub},
      server{context.get_executor(), options, services}
{
    const auto started = server.start();
    SEAL_CHECK(started.has_value(), "a free port on loopback is to be had");
}

ServerWorld::~ServerWorld()
{
    if (!is_drained_) {
        static_cast<void>(drain());
    }
}

std::size_t ServerWorld::drain()
{
    is_drained_ = true;
    return run_task(context, server.drain(5s));
}

namespace {

Task<std::string> exchange_all(RawClient* client, std::string bytes, bool closes_sending)
{
    const bool is_sent = co_await client->send(std::move(bytes));
    if (is_sent && closes_sending) {
        client->close_sending();
    }
    co_return co_await client->read_to_end();
}

} // namespace

std::string ServerWorld::exchange(std::string bytes, bool closes_sending)
{
    auto client = connect();
    return run_task(context, exchange_all(&client, std::move(bytes), closes_sending));
}

std::string post_text(std::string_view target, std::string_view body, std::string_view more_fields)
{
    std::string text{"POST "};
    text.append(target).append(
        " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n");
    text.append(more_fields).append("Content-Length: ").append(std::to_string(body.size()));
    text.append("\r\n\r\n").append(body);
    return text;
}

std::string get_text(std::string_view target, std::string_view more_fields)
{
    std::string text{"GET "};
    text.append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
    text.append(more_fields).append("\r\n");
    return text;
}

std::size_t count_of(std::string_view text, std::string_view part)
{
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

} // namespace sealstream::testing
