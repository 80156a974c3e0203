#pragma once

// The binary mode of the HTTP binding (CloudEvents HTTP Protocol Binding 1.0.2, 3.1): attributes
// are "ce-" headers, Content-Type is datacontenttype, the body is the data.

#include "core/cloudevents/cloud_event.hpp"
#include "core/event/canonical_json.hpp"

#include <utility>
#include <vector>

namespace sealstream {

struct BinaryMessage {
    // "ce-type" and so on, names in lower case, values as in the message; without content-type.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string content_type; // empty: none
    std::string body;
};

// JSON bodies become JSON data; all others are kept byte by byte.
//   malformed   an attribute is missing, there twice, or wrong; the body is not the JSON it says
[[nodiscard]] Result<CloudEvent> parse_binary(const BinaryMessage& message, JsonLimits limits);

// Values are percent-encoded (3.1.3.2). Booleans and integers become text: binary mode has no
// types.
[[nodiscard]] BinaryMessage to_binary(const CloudEvent& event);

// 3.1.3.2, both ways. Decoding first takes off double quotes, once, as older senders wrote them.
//   malformed     '%' without two hexadecimal digits, or a quote without its partner
//   invalid_utf8
[[nodiscard]] Result<std::string> decode_header(std::string_view value);
[[nodiscard]] std::string encode_header(std::string_view value);

} // namespace sealstream
