#include "node/http/handlers/feed_socket.hpp"

#include "core/event/canonical_json.hpp"
#include "node/feeds/text_frame.hpp"

namespace sealstream::http {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds listener_longest{3600}; // it ends with the connection; no deadline

CloseCode code_for(FeedMark mark)
{
    if (mark == FeedMark::draining) {
        return CloseCode::going_away;
    }
    if (mark == FeedMark::token_expired || mark == FeedMark::key_withdrawn ||
        mark == FeedMark::certificate_expired) {
        return CloseCode::policy;
    }
    return mark == FeedMark::fault ? CloseCode::internal : CloseCode::try_again_later;
}

std::optional<std::uint64_t> place_in(const boost::json::object& object, std::string_view name)
{
    const auto* value = object.if_contains({name.data(), name.size()});
    if (value == nullptr) {
        return std::nullopt;
    }
    if (value->is_int64() && value->get_int64() >= 0) {
        return static_cast<std::uint64_t>(value->get_int64());
    }
    if (!value->is_string()) {
        return std::nullopt;
    }
    const auto place = parse_place({value->get_string().data(), value->get_string().size()});
    return place ? std::optional{*place} : std::nullopt;
}

} // namespace

FeedSocket::FeedSocket(Services& services, Start start)
    : services_{services},
      course_{services, start.framing, std::move(start.wish)},
      first_{std::move(start.first)},
      credit_{start.credit},
      pinged_{Clock::now()}
{
}

Task<void> FeedSocket::run(Duplex& duplex)
{
    TaskGroup listener{services_.stop.executor()};
    listener.spawn("feed.listen", listen(duplex), TaskGroup::OnThrow::log_and_continue);
    co_await speak(duplex);
    duplex.stop_receiving();
    std::size_t left = 1;
    while (left != 0) {
        left = co_await listener.wait_idle(listener_longest);
    }
}

Task<void> FeedSocket::speak(Duplex& duplex)
{
    Pieces pieces = std::move(first_);
    while (!closing_ && !is_gone_) {
        if (pieces.empty()) {
            const std::size_t events_max = room();
            pieces = co_await course_.next(events_max);
            if (credit_) {
                unacknowledged_.insert(unacknowledged_.end(), course_.sent().begin(),
                                       course_.sent().end());
            }
        }
        if (course_.has_ended()) {
            close(code_for(course_.last()), code_of(course_.last()));
        }
        add_control_frames(pieces);
        if (!pieces.empty()) {
            const bool is_sent = co_await duplex.send(std::move(pieces));
            if (!is_sent) {
                if (duplex.is_too_slow()) {
                    course_.is_too_slow();
                }
                co_return;
            }
        }
        pieces.clear();
    }
    if (closing_ && !is_gone_) {
        const std::string reason = "{\"code\":\"" + std::string{closing_->word} +
                                   "\",\"cursor\":\"" + std::to_string(course_.cursor().value) +
                                   "\"}";
        std::string frame;
        append_close_frame(frame, closing_->code, reason);
        pieces.push_back(std::make_shared<const std::string>(std::move(frame)));
        co_await duplex.send(std::move(pieces));
    }
}

// Pong and ping. A client that let a whole heartbeat go by without a word after a ping is gone.
void FeedSocket::add_control_frames(Pieces& to)
{
    std::string frames;
    if (pong_) {
        append_socket_frame(frames, static_cast<std::uint8_t>(SocketOpcode::pong), *pong_);
        pong_.reset();
    }
    const auto now = Clock::now();
    if (now - pinged_ >= services_.feed_options.heartbeat) {
        if (!is_heard_) {
            close(CloseCode::internal, "no_pong");
        }
        append_socket_frame(frames, static_cast<std::uint8_t>(SocketOpcode::ping), {});
        pinged_ = now;
        is_heard_ = false;
    }
    if (!frames.empty()) {
        to.push_back(std::make_shared<const std::string>(std::move(frames)));
    }
}

std::size_t FeedSocket::room() const
{
    const std::size_t most = services_.feed_options.batch_events_max;
    return credit_ ? std::min(most, *credit_ - std::min(*credit_, unacknowledged_.size())) : most;
}

void FeedSocket::close(CloseCode code, std::string_view word)
{
    if (!closing_) {
        closing_ = Closing{code, word};
    }
}

Task<void> FeedSocket::listen(Duplex& duplex)
{
    SocketReader reader{services_.feed_options.socket_message_bytes_max};
    std::string bytes;
    while (!closing_) {
        const bool is_here = co_await duplex.receive(bytes);
        if (!is_here) {
            is_gone_ = true;
            break;
        }
        reader.put(bytes);
        bytes.clear();
        for (bool goes_on = true; goes_on && !closing_;) {
            const auto message = reader.next();
            if (!message) {
                close(close_code_of(message.error().code), "protocol_error");
                break;
            }
            goes_on = message->has_value();
            if (goes_on) {
                hear(**message);
            }
        }
        if (closing_ || pong_ || credit_) {
            course_.wake();
        }
    }
    course_.wake();
}

void FeedSocket::hear(const SocketMessage& message)
{
    is_heard_ = true;
    if (is_over_rate()) {
        close(CloseCode::policy, "too_many_messages");
        return;
    }
    switch (message.opcode) {
    case SocketOpcode::ping:
        pong_ = message.payload; // only the newest needs an answer (RFC 6455, 5.5.3)
        return;
    case SocketOpcode::close:
        close(CloseCode::normal, "closed");
        return;
    case SocketOpcode::text:
        if (!obey(message.payload)) {
            close(CloseCode::policy, "bad_command");
        }
        return;
    case SocketOpcode::binary:
        close(CloseCode::unsupported_data, "binary");
        return;
    case SocketOpcode::pong:
    case SocketOpcode::continuation:
        return;
    }
}

bool FeedSocket::obey(std::string_view command)
{
    const auto value = parse_json(command, {4, services_.feed_options.socket_message_bytes_max});
    if (!value || !value->is_object()) {
        return false;
    }
    const auto& object = value->get_object();
    const auto* type = object.if_contains("type");
    if (type == nullptr || !type->is_string()) {
        return false;
    }
    if (type->get_string() == "ack") {
        const auto cursor = place_in(object, "cursor");
        while (cursor && !unacknowledged_.empty() && unacknowledged_.front().value <= *cursor) {
            unacknowledged_.pop_front();
        }
        return cursor.has_value() && *cursor <= course_.cursor().value;
    }
    const auto events = place_in(object, "events");
    if (type->get_string() != "credit" || !events ||
        *events > services_.feed_options.credit_events_max) {
        return false;
    }
    credit_ = static_cast<std::size_t>(*events);
    return true;
}

bool FeedSocket::is_over_rate()
{
    const auto now = Clock::now();
    if (now - rate_since_ >= std::chrono::seconds{1}) {
        rate_since_ = now;
        messages_ = 0;
    }
    return ++messages_ > services_.feed_options.socket_messages_per_second;
}

} // namespace sealstream::http
