#pragma once

// A CloudEvent 1.0 (cloudevents/spec, v1.0.2), whatever bytes it came in. The two formats are
// structured.hpp (JSON) and binary.hpp (HTTP headers); mapping.hpp leads to the ledger and back.

#include "core/base/result.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

namespace sealstream {

// What is wrong with the attribute `name`.
[[nodiscard]] inline Error attribute_fault(std::string_view name, std::string context)
{
    return Error{Errc::malformed, std::move(context), "/" + std::string{name}};
}

inline constexpr std::string_view cloudevents_type = "application/cloudevents+json";
inline constexpr std::string_view cloudevents_batch_type = "application/cloudevents-batch+json";

inline constexpr std::size_t attribute_name_bytes_max = 64; // the specification advises 20
inline constexpr std::size_t attributes_max = 64;           // of one event

// URIs, times and binary values are text.
using AttributeValue = std::variant<bool, std::int32_t, std::string>;

struct CloudEvent {
    enum class Data : std::uint8_t { none, json, base64 };

    std::map<std::string, AttributeValue, std::less<>> attributes; // all but specversion
    Data form{Data::none};
    std::string data; // canonical JSON text, or Base64 with padding

    friend bool operator==(const CloudEvent&, const CloudEvent&) = default;

    // The attribute, when it is there and is text; else nullptr.
    [[nodiscard]] const std::string* text(std::string_view name) const;
};

// Whether everything that the specification demands of the attributes holds: id, source and type
// are there, names are lower-case letters and digits, values are what their attribute wants.
//   malformed   with a pointer to the attribute
[[nodiscard]] Result<void> check_attributes(const CloudEvent& event);

// Whether data of this media type is JSON: its subtype is "json" or ends in "+json".
[[nodiscard]] bool is_json_media_type(std::string_view media_type);

// The value as text, as it stands in a header (CloudEvents, 3.1 Type System).
[[nodiscard]] std::string to_text(const AttributeValue& value);

} // namespace sealstream
