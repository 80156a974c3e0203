#include "node/http/web_socket.hpp"

#include "core/base/bytes.hpp"
#include "core/base/encoding.hpp"
#include "core/event/json_text.hpp"
#include "node/feeds/text_frame.hpp"

namespace sealstream::http {

namespace {

constexpr std::size_t control_bytes_max = 125;

bool is_known(std::uint8_t opcode)
{
    return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xa);
}

bool is_control(SocketOpcode opcode)
{
    return static_cast<std::uint8_t>(opcode) >= 0x8;
}

Error broken(std::string why)
{
    return Error{Errc::malformed, std::move(why)};
}

// RFC 6455, 7.4: codes that may be on the wire.
bool is_close_code(std::uint16_t code)
{
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code <= 4999);
}

std::uint16_t first_two(std::string_view bytes)
{
    return read_big_endian<std::uint16_t>(as_bytes(bytes));
}

Result<void> check_close(std::string_view payload)
{
    if (payload.empty()) {
        return {};
    }
    if (payload.size() < 2 || !is_close_code(first_two(payload))) {
        return broken("a close frame without a proper code");
    }
    if (!is_utf8(payload.substr(2))) {
        return Error{Errc::invalid_utf8, "the reason of a close frame"};
    }
    return {};
}

} // namespace

Result<std::optional<SocketReader::Head>> SocketReader::read_head() const
{
    if (input_.size() < 2) {
        return std::optional<Head>{};
    }
    const auto first = static_cast<std::uint8_t>(input_[0]);
    const auto second = static_cast<std::uint8_t>(input_[1]);
    const auto opcode = static_cast<std::uint8_t>(first & 0x0fU);
    if ((first & 0x70U) != 0 || !is_known(opcode)) {
        return broken("reserved bits or a reserved opcode");
    }
    if ((second & 0x80U) == 0) {
        return broken("a client's frame without a mask");
    }
    Head head;
    head.is_final = (first & 0x80U) != 0;
    head.opcode = static_cast<SocketOpcode>(opcode);
    head.size = second & 0x7fU;
    const std::size_t length_bytes = head.size == 126 ? 2 : head.size == 127 ? 8 : 0;
    if (is_control(head.opcode) && (!head.is_final || head.size > control_bytes_max)) {
        return broken("a control frame that is long or in pieces");
    }
    head.bytes = 2 + length_bytes + 4;
    if (input_.size() < head.bytes) {
        return std::optional<Head>{};
    }
    if (length_bytes != 0) {
        head.size = 0;
        for (std::size_t at = 2; at < 2 + length_bytes; ++at) {
            head.size = (head.size << 8U) | static_cast<std::uint8_t>(input_[at]);
        }
        if (head.size < 126 || (length_bytes == 8 && head.size <= 0xffff)) {
            return broken("a length that is not the shortest");
        }
    }
    return head;
}

Result<std::optional<SocketMessage>> SocketReader::next()
{
    for (;;) {
        SEAL_TRY(head, read_head());
        if (!head) {
            return std::optional<SocketMessage>{};
        }
        const std::size_t begun =
            !is_control(head->opcode) && pieces_ ? pieces_->payload.size() : 0;
        if (head->size > message_bytes_max_ - std::min(begun, message_bytes_max_)) {
            return Error{Errc::too_large,
                         "a message of more than " + std::to_string(message_bytes_max_) + " bytes"};
        }
        const auto size = static_cast<std::size_t>(head->size);
        if (input_.size() < head->bytes + size) {
            return std::optional<SocketMessage>{};
        }
        std::string payload = input_.substr(head->bytes, size);
        const char* mask = input_.data() + head->bytes - 4;
        for (std::size_t at = 0; at < size; ++at) {
            payload[at] = static_cast<char>(payload[at] ^ mask[at % 4]);
        }
        input_.erase(0, head->bytes + size);
        SEAL_TRY(message, take(*head, std::move(payload)));
        if (message) {
            return message;
        }
    }
}

Result<std::optional<SocketMessage>> SocketReader::take(Head head, std::string payload)
{
    if (head.opcode == SocketOpcode::close) {
        SEAL_TRY_VOID(check_close(payload));
    }
    if (is_control(head.opcode)) {
        return std::optional{SocketMessage{head.opcode, std::move(payload)}};
    }
    const bool goes_on = head.opcode == SocketOpcode::continuation;
    if (goes_on != pieces_.has_value()) {
        return broken(goes_on ? "a continuation of nothing" : "a message within a message");
    }
    if (!goes_on) {
        pieces_ = SocketMessage{head.opcode, {}};
    }
    pieces_->payload.append(payload);
    if (!head.is_final) {
        return std::optional<SocketMessage>{};
    }
    SocketMessage message = *std::move(pieces_);
    pieces_.reset();
    if (message.opcode == SocketOpcode::text && !is_utf8(message.payload)) {
        return Error{Errc::invalid_utf8, "a text message"};
    }
    return std::optional{std::move(message)};
}

CloseCode close_code_of(Errc code)
{
    if (code == Errc::invalid_utf8) {
        return CloseCode::invalid_text;
    }
    return code == Errc::too_large ? CloseCode::too_big : CloseCode::protocol_error;
}

void append_close_frame(std::string& to, CloseCode code, std::string_view reason)
{
    const auto number = static_cast<std::uint16_t>(code);
    std::string payload;
    payload.push_back(static_cast<char>(number >> 8U));
    payload.push_back(static_cast<char>(number & 0xffU));
    payload.append(reason.substr(0, control_bytes_max - 2));
    append_socket_frame(to, static_cast<std::uint8_t>(SocketOpcode::close), payload);
}

std::optional<std::uint16_t> close_code_in(const SocketMessage& message)
{
    return message.payload.empty() ? std::nullopt : std::optional{first_two(message.payload)};
}

} // namespace sealstream::http
