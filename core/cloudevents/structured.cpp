#include "core/cloudevents/structured.hpp"

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"

#include <boost/json/object.hpp>

#include <limits>

namespace sealstream {

namespace {

namespace json = boost::json;

Result<AttributeValue> to_attribute(std::string_view name, const json::value& value)
{
    if (value.is_string()) {
        const auto& text = value.get_string();
        return AttributeValue{std::string{text.data(), text.size()}};
    }
    if (value.is_bool()) {
        return AttributeValue{value.get_bool()};
    }
    if (value.is_int64()) {
        const auto number = value.get_int64();
        if (number >= std::numeric_limits<std::int32_t>::min() &&
            number <= std::numeric_limits<std::int32_t>::max()) {
            return AttributeValue{static_cast<std::int32_t>(number)};
        }
    }
    return attribute_fault(name, "an attribute is a string, a boolean or an integer of 32 bits");
}

Result<void> take_data(CloudEvent& event, std::string_view name, const json::value& value)
{
    if (event.form != CloudEvent::Data::none) {
        return attribute_fault(name, "an event has \"data\" or \"data_base64\", not both");
    }
    if (name == "data") {
        event.form = CloudEvent::Data::json;
        event.data = to_canonical_json(value);
        return {};
    }
    const auto* text = value.if_string();
    if (text == nullptr || !from_base64({text->data(), text->size()})) {
        return attribute_fault(name, "\"data_base64\" must be Base64 (RFC 4648) with padding");
    }
    event.form = CloudEvent::Data::base64;
    event.data.assign(text->data(), text->size());
    return {};
}

void append_value(std::string& to, const AttributeValue& value)
{
    if (const auto* text = std::get_if<std::string>(&value)) {
        append_canonical_string(to, *text);
    } else {
        to.append(to_text(value));
    }
}

bool is_first(std::string_view name)
{
    return name == "id" || name == "source" || name == "type";
}

} // namespace

Result<CloudEvent> parse_structured(const json::value& value)
{
    if (!value.is_object()) {
        return Error{Errc::malformed, "a CloudEvent is a JSON object"};
    }
    const auto& object = value.get_object();
    const auto* version = object.if_contains("specversion");
    if (version == nullptr || !version->is_string() || version->get_string() != "1.0") {
        return attribute_fault("specversion", "\"specversion\" must be \"1.0\"");
    }
    CloudEvent event;
    for (const auto& member : object) {
        const std::string_view name{member.key().data(), member.key().size()};
        if (name == "data" || name == "data_base64") {
            SEAL_TRY_VOID(take_data(event, name, member.value()));
        } else if (name != "specversion" && !member.value().is_null()) {
            // Null says that the attribute is not there (JSON Format, 2.2).
            SEAL_TRY(attribute, to_attribute(name, member.value()));
            event.attributes.emplace(name, std::move(attribute));
        }
    }
    SEAL_TRY_VOID(check_attributes(event));
    return event;
}

void append_structured(std::string& to, const CloudEvent& event)
{
    to.append("{\"specversion\":\"1.0\"");
    for (const auto* name : {"id", "source", "type"}) {
        to.append(",\"").append(name).append("\":");
        append_value(to, event.attributes.find(std::string_view{name})->second);
    }
    for (const auto& [name, value] : event.attributes) {
        if (!is_first(name)) {
            to.append(",\"").append(name).append("\":");
            append_value(to, value);
        }
    }
    if (event.form == CloudEvent::Data::json) {
        to.append(",\"data\":").append(event.data);
    } else if (event.form == CloudEvent::Data::base64) {
        to.append(",\"data_base64\":\"").append(event.data).append("\"");
    }
    to.push_back('}');
}

} // namespace sealstream
