#include "core/cloudevents/binary.hpp"

#include "core/base/encoding.hpp"

#include <boost/json/value.hpp>

#include <array>

namespace sealstream {

namespace {

constexpr std::string_view prefix = "ce-";

int digit(char letter)
{
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    if (letter >= 'a' && letter <= 'f') {
        return letter - 'a' + 10;
    }
    return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

// RFC 7230, 3.2.6.
Result<std::string> unquote(std::string_view value)
{
    if (value.empty() || value.front() != '"') {
        return std::string{value};
    }
    std::string text;
    for (std::size_t at = 1; at < value.size(); ++at) {
        if (value[at] == '"') {
            if (at + 1 != value.size()) {
                break;
            }
            return text;
        }
        if (value[at] == '\\' && ++at == value.size()) {
            break;
        }
        text.push_back(value[at]);
    }
    return Error{Errc::malformed, "a quote in a header has no partner"};
}

bool is_utf8(std::string_view text)
{
    // The strict reader of JSON strings knows UTF-8; quotes and escapes do not matter to it here.
    std::string quoted{"\""};
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        quoted.push_back(byte < 0x20 || letter == '"' || letter == '\\' ? '_' : letter);
    }
    quoted.push_back('"');
    return static_cast<bool>(parse_json(quoted, {1, quoted.size()}));
}

// The data of an event whose media type is not JSON, as the bytes of a body.
std::string body_of(const CloudEvent& event)
{
    if (event.form == CloudEvent::Data::none) {
        return {};
    }
    if (event.form == CloudEvent::Data::base64) {
        const auto bytes = from_base64(event.data);
        return bytes ? std::string{as_text(*bytes)} : std::string{};
    }
    const auto* media_type = event.text("datacontenttype");
    if (media_type != nullptr && !is_json_media_type(*media_type)) {
        // JSON Format, 3.1: text of another media type travels as a JSON string.
        const auto value = parse_json(event.data, {128, event.data.size()});
        if (value && value->is_string()) {
            return {value->get_string().data(), value->get_string().size()};
        }
    }
    return event.data;
}

Result<void> take_body(CloudEvent& event, const BinaryMessage& message, JsonLimits limits)
{
    if (!message.content_type.empty()) {
        event.attributes.emplace("datacontenttype", message.content_type);
    }
    if (message.body.empty()) {
        return {};
    }
    if (is_json_media_type(message.content_type)) {
        auto data = canonical_json(message.body, limits);
        if (!data) {
            auto error = data.error();
            error.pointer.insert(0, "/data");
            return error;
        }
        event.form = CloudEvent::Data::json;
        event.data = *std::move(data);
        return {};
    }
    event.form = CloudEvent::Data::base64;
    event.data = to_base64(as_bytes(message.body));
    return {};
}

} // namespace

Result<std::string> decode_header(std::string_view value)
{
    SEAL_TRY(text, unquote(value));
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            decoded.push_back(text[at]);
            continue;
        }
        const int high = at + 2 < text.size() ? digit(text[at + 1]) : -1;
        const int low = at + 2 < text.size() ? digit(text[at + 2]) : -1;
        if (high < 0 || low < 0) {
            return Error{Errc::malformed, "\"%\" is followed by two hexadecimal digits"};
        }
        decoded.push_back(static_cast<char>(high * 16 + low));
        at += 2;
    }
    if (!is_utf8(decoded)) {
        return Error{Errc::invalid_utf8, "a header does not decode to UTF-8"};
    }
    return decoded;
}

std::string encode_header(std::string_view value)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(value.size());
    for (const char letter : value) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte > 0x20 && byte < 0x7f && letter != '"' && letter != '%') {
            encoded.push_back(letter);
        } else {
            encoded.push_back('%');
            encoded.push_back(digits[byte >> 4U]);
            encoded.push_back(digits[byte & 0x0fU]);
        }
    }
    return encoded;
}

Result<CloudEvent> parse_binary(const BinaryMessage& message, JsonLimits limits)
{
    CloudEvent event;
    bool has_version = false;
    for (const auto& [header, value] : message.headers) {
        if (!header.starts_with(prefix)) {
            continue;
        }
        const auto name = header.substr(prefix.size());
        const std::string pointer = "/" + name;
        auto text = decode_header(value);
        if (!text) {
            auto error = text.error();
            error.pointer = pointer;
            return error;
        }
        if (name == "specversion" && *text != "1.0") {
            return Error{Errc::malformed, "ce-specversion must be 1.0", pointer};
        }
        if (name == "datacontenttype") {
            return Error{Errc::malformed, "the media type of the data is Content-Type", pointer};
        }
        if (name == "specversion" ? std::exchange(has_version, true)
                                  : !event.attributes.emplace(name, *std::move(text)).second) {
            return Error{Errc::duplicate_key, header + " is there twice", pointer};
        }
    }
    if (!has_version) {
        return Error{Errc::malformed, "ce-specversion is missing", "/specversion"};
    }
    SEAL_TRY_VOID(take_body(event, message, limits));
    SEAL_TRY_VOID(check_attributes(event));
    return event;
}

BinaryMessage to_binary(const CloudEvent& event)
{
    BinaryMessage message;
    message.headers.emplace_back("ce-specversion", "1.0");
    for (const auto& [name, value] : event.attributes) {
        if (name == "datacontenttype") {
            message.content_type = to_text(value);
        } else {
            message.headers.emplace_back("ce-" + name, encode_header(to_text(value)));
        }
    }
    if (message.content_type.empty() && event.form == CloudEvent::Data::json) {
        message.content_type = "application/json"; // what its absence means in the JSON format
    }
    message.body = body_of(event);
    return message;
}

} // namespace sealstream
