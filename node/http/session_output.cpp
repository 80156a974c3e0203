// How a session writes: answers that are made while they are sent, and both directions of a
// connection that has switched protocols.

#include "core/base/log.hpp"
#include "node/http/session.hpp"

#include <span>

namespace sealstream::http {

namespace {

using boost::asio::ip::tcp;

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t drain_read_bytes = 4 << 10; // of a peer that says little

} // namespace

Task<bool> Session::send_stream(BodyStream& stream)
{
    if (input_.size() == 0 && parser_->has_all()) {
        input_.shrink_to_fit(); // a feed may last for days
    }
    for (;;) {
        stay(Phase::handling);
        const auto pieces = co_await stream.next_pieces();
        if (!pieces) {
            log(info(pieces.error().code).is_retryable ? Level::warn : Level::error,
                "http.stream_cut", "http", {{"reason", describe(pieces.error())}});
            co_return false;
        }
        std::size_t size = 0;
        for (const auto& piece : *pieces) {
            size += piece->size();
        }
        out_.clear();
        Buffers buffers;
        buffers.reserve(pieces->size() + 2);
        if (!head_.is_http_1_0) {
            append_chunk_head(out_, size);
            buffers.emplace_back(out_.data(), out_.size());
        }
        for (const auto& piece : *pieces) {
            buffers.emplace_back(piece->data(), piece->size());
        }
        if (!head_.is_http_1_0) {
            buffers.emplace_back(line_end.data(), line_end.size());
        }
        const bool is_sent = co_await write(std::move(buffers));
        if (is_too_slow_) {
            stream.is_too_slow();
        }
        if (!is_sent || size == 0) {
            co_return is_sent;
        }
    }
}

Task<bool> Session::receive(std::string& to)
{
    if (input_.size() == 0 && !has_stopped_receiving_) {
        input_.shrink_to_fit();
        if (tls_ != nullptr) {
            co_return co_await receive_encrypted(to);
        }
        // Waiting without a buffer: most subscribers never say a word.
        const auto [failure] = co_await socket_.async_wait(tcp::socket::wait_read, use_tuple);
        if (failure || has_stopped_receiving_) {
            co_return false;
        }
        boost::system::error_code broken;
        const std::size_t size = socket_.read_some(input_.prepare(drain_read_bytes), broken);
        input_.commit(size);
        if (broken && broken != boost::asio::error::would_block) {
            co_return false;
        }
    }
    to.append(static_cast<const char*>(input_.data().data()), input_.size());
    input_.consume(input_.size());
    co_return !has_stopped_receiving_;
}

Task<bool> Session::send(Pieces pieces)
{
    Buffers buffers;
    buffers.reserve(pieces.size());
    for (const auto& piece : pieces) {
        buffers.emplace_back(piece->data(), piece->size());
    }
    co_return co_await write(std::move(buffers));
}

void Session::stop_receiving() noexcept
{
    has_stopped_receiving_ = true;
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

Task<bool> Session::write(std::string_view bytes)
{
    Buffers buffers;
    buffers.emplace_back(bytes.data(), bytes.size());
    co_return co_await write(std::move(buffers));
}

Task<bool> Session::write(Buffers buffers)
{
    if (tls_ != nullptr) {
        co_return co_await write_encrypted(std::move(buffers));
    }
    std::span<boost::asio::const_buffer> rest{buffers};
    const auto drop = [&rest](std::size_t size) {
        while (!rest.empty() && size >= rest.front().size()) {
            size -= rest.front().size();
            rest = rest.subspan(1);
        }
        if (size != 0) {
            rest.front() += size;
        }
    };
    // Most answers fit the socket's buffer: one system call, and no way through the reactor.
    boost::system::error_code failure;
    while (!rest.empty() && !failure) {
        drop(socket_.write_some(rest, failure));
    }
    if (failure && failure != boost::asio::error::would_block) {
        co_return false;
    }
    while (!rest.empty()) {
        enter(Phase::write, shared_.options.timeouts.write);
        const auto [refused, size] = co_await socket_.async_write_some(rest, use_tuple);
        if (refused) {
            is_too_slow_ = has_timed_out_;
            co_return false;
        }
        drop(size);
    }
    stay(Phase::handling);
    co_return true;
}

} // namespace sealstream::http
