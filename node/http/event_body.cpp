#include "node/http/event_body.hpp"

#include "core/cloudevents/binary.hpp"
#include "core/cloudevents/mapping.hpp"
#include "core/cloudevents/structured.hpp"

#include <boost/json/array.hpp>

namespace sealstream::http {

namespace {

JsonLimits json_limits(const Limits& limits)
{
    return {limits.json_depth_max, limits.body_bytes_max};
}

Result<EventInput> to_input(const CloudEvent& event, const std::optional<StreamName>& stream,
                            const Limits& limits)
{
    SEAL_TRY(mapped, to_draft(event, stream));
    if (mapped.draft.data.size() + mapped.draft.meta.size() > limits.event_bytes_max) {
        return Error{Errc::too_large,
                     "one event may have " + std::to_string(limits.event_bytes_max) + " bytes",
                     "/data"};
    }
    EventInput input;
    input.draft = std::move(mapped.draft);
    input.has_id = mapped.has_id;
    input.stream = std::move(mapped.stream);
    return input;
}

Result<std::vector<EventInput>> parse_batch(const boost::json::value& value,
                                            const std::optional<StreamName>& stream,
                                            const Limits& limits)
{
    const auto* array = value.if_array();
    if (array == nullptr || array->empty() || array->size() > limits.events_max) {
        const bool is_large = array != nullptr && !array->empty();
        return Error{is_large ? Errc::too_large : Errc::malformed,
                     "a batch is an array of 1 to " + std::to_string(limits.events_max) +
                         " CloudEvents"};
    }
    std::vector<EventInput> events;
    events.reserve(array->size());
    for (const auto& element : *array) {
        const auto event = parse_structured(element);
        auto input = event ? to_input(*event, stream, limits) : Result<EventInput>{event.error()};
        if (!input) {
            auto error = input.error();
            error.pointer.insert(0, "/" + std::to_string(events.size()));
            return error;
        }
        events.push_back(*std::move(input));
    }
    return events;
}

Result<CloudEvent> parse_one_event(const RequestContext& request, BodyForm form)
{
    const auto limits = json_limits(request.services().limits);
    if (form == BodyForm::cloudevent) {
        SEAL_TRY(value, parse_json(request.body, limits));
        return parse_structured(value);
    }
    if (request.head().count("content-type") > 1) {
        return Error{Errc::duplicate_key, "Content-Type is there twice", "/datacontenttype"};
    }
    BinaryMessage message;
    for (const auto& [name, value] : request.head().fields_with_prefix("ce-")) {
        message.headers.emplace_back(name, value);
    }
    message.content_type = request.field("content-type");
    message.body = request.body;
    return parse_binary(message, limits);
}

} // namespace

BodyForm body_form(const RequestContext& request)
{
    const auto type = request.content_type();
    if (type == cloudevents_type) {
        return BodyForm::cloudevent;
    }
    if (type == cloudevents_batch_type) {
        return BodyForm::cloudevents_batch;
    }
    if (type.starts_with("application/cloudevents")) {
        return BodyForm::other; // a mode or event format that we do not know
    }
    if (request.head().has_field("ce-specversion")) {
        return BodyForm::cloudevent_binary;
    }
    return type == json_type ? BodyForm::json : BodyForm::other;
}

bool is_cloud_event(BodyForm form) noexcept
{
    return form == BodyForm::cloudevent || form == BodyForm::cloudevent_binary;
}

Result<std::vector<EventInput>> parse_body(const RequestContext& request, BodyForm form,
                                           const std::optional<StreamName>& stream)
{
    const Limits& limits = request.services().limits;
    if (form == BodyForm::cloudevents_batch) {
        SEAL_TRY(value, parse_json(request.body, json_limits(limits)));
        return parse_batch(value, stream, limits);
    }
    if (is_cloud_event(form)) {
        SEAL_TRY(event, parse_one_event(request, form));
        SEAL_TRY(input, to_input(event, stream, limits));
        std::vector<EventInput> events;
        events.push_back(std::move(input));
        return events;
    }
    return parse_events(request.body, stream ? EventForm::of_one_stream : EventForm::mixed, limits);
}

Result<EventInput> parse_line(std::string_view line, const std::optional<StreamName>& stream,
                              const Limits& limits)
{
    SEAL_TRY(value, parse_json(line, json_limits(limits)));
    const auto* object = value.if_object();
    if (object != nullptr && object->contains("specversion")) {
        SEAL_TRY(event, parse_structured(value));
        return to_input(event, stream, limits);
    }
    return parse_event(value, stream ? EventForm::of_one_stream : EventForm::mixed, limits);
}

bool is_event_array(BodyForm form, std::string_view body) noexcept
{
    const auto first = body.find_first_not_of(" \n\r\t");
    return form == BodyForm::cloudevents_batch ||
           (form == BodyForm::json && first != std::string_view::npos && body[first] == '[');
}

} // namespace sealstream::http
