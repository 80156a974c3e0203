#pragma once

// The body of an append that is read whole, in each of its forms. NDJSON is read line by line
// (handlers/bulk.hpp).

#include "node/http/event_input.hpp"
#include "node/http/request_context.hpp"

#include <optional>

namespace sealstream::http {

// What Content-Type says; a request with ce-specversion is a CloudEvent in binary mode whatever its
// Content-Type, unless that names one of the other two modes.
enum class BodyForm : std::uint8_t {
    json,
    cloudevent,
    cloudevents_batch,
    cloudevent_binary,
    other // 415
};
[[nodiscard]] BodyForm body_form(const RequestContext& request);
[[nodiscard]] bool is_cloud_event(BodyForm form) noexcept; // exactly one

// The events of the body, in the order in which they stand there. `stream` is that of the path;
// without one each event names its own.
//   malformed, bad_name, too_large, …   with a pointer into the body, or to a CloudEvents attribute
[[nodiscard]] Result<std::vector<EventInput>>
parse_body(const RequestContext& request, BodyForm form, const std::optional<StreamName>& stream);

// A line of NDJSON: one event, or one CloudEvent in structured form, which is told by its
// "specversion". Both may stand in one body.
//   malformed, bad_name, too_large, …   with a pointer into the line
[[nodiscard]] Result<EventInput>
parse_line(std::string_view line, const std::optional<StreamName>& stream, const Limits& limits);

// Whether a body that parse_body has accepted is an array of events: then a pointer into it begins
// with the event's number.
[[nodiscard]] bool is_event_array(BodyForm form, std::string_view body) noexcept;

inline constexpr std::string_view append_types_help =
    "Send application/json, application/x-ndjson, application/cloudevents+json, "
    "application/cloudevents-batch+json, or a CloudEvent in binary mode.";

} // namespace sealstream::http
