// The opening handshake (RFC 6455, 4.2).

#include "core/base/encoding.hpp"
#include "core/event/digest.hpp"
#include "node/http/origin.hpp"
#include "node/http/problem.hpp"
#include "node/http/web_socket.hpp"

namespace sealstream::http {

namespace {

constexpr std::string_view key_salt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, 1.3
constexpr std::size_t key_bytes = 16;

bool has_token(std::string_view list, std::string_view token)
{
    while (!list.empty()) {
        auto item = list.substr(0, list.find(','));
        list.remove_prefix(std::min(item.size() + 1, list.size()));
        const auto first = item.find_first_not_of(" \t");
        item.remove_prefix(std::min(first, item.size()));
        item = item.substr(0, item.find_last_not_of(" \t") + 1);
        if (equals_ignoring_case(item, token)) {
            return true;
        }
    }
    return false;
}

} // namespace

bool wants_socket(const RequestContext& request)
{
    return has_token(request.field("upgrade"), "websocket");
}

Response accept_socket(const RequestContext& request)
{
    const RequestHead& head = request.head();
    if (!wants_socket(request)) {
        auto response =
            refusal(426, "upgrade_required", "A WebSocket is spoken here, nothing else.");
        response.header("Upgrade", "websocket");
        return response;
    }
    if (head.verb != Verb::get || head.is_http_1_0 || head.has_body ||
        !has_token(request.field("connection"), "upgrade")) {
        return bad_input(Error{Errc::malformed,
                               "a WebSocket begins with GET, HTTP/1.1, no body, and "
                               "Connection: Upgrade"});
    }
    if (request.field("sec-websocket-version") != "13") {
        auto response = refusal(426, "upgrade_required",
                                "Version 13 of the WebSocket protocol is spoken here.");
        response.header("Sec-WebSocket-Version", "13");
        response.header("Upgrade", "websocket");
        return response;
    }
    const auto key = request.field("sec-websocket-key");
    const auto bytes = from_base64(key);
    if (!bytes || bytes->size() != key_bytes || head.count("sec-websocket-key") != 1) {
        return bad_input(
            Error{Errc::malformed, "Sec-WebSocket-Key is 16 bytes in Base64, and given once"});
    }
    if (has_foreign_origin(head)) {
        return problem(Error{Errc::forbidden, "a WebSocket from a page of another origin"});
    }
    Response response;
    response.status = 101;
    response.header("Upgrade", "websocket");
    const std::string salted = std::string{key} + std::string{key_salt};
    response.header("Sec-WebSocket-Accept", to_base64(sha1_of_handshake(as_bytes(salted))));
    return response;
}

} // namespace sealstream::http
