#include "core/cloudevents/cloud_event.hpp"

#include "core/base/clock.hpp"

#include <boost/url/parse.hpp>

#include <algorithm>

namespace sealstream {

namespace {

bool is_attribute_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
}

bool has_control_character(std::string_view text)
{
    for (std::size_t index = 0; index < text.size(); ++index) {
        const auto byte = static_cast<unsigned char>(text[index]);
        const bool is_c1 = byte == 0xc2 && index + 1 < text.size() &&
                           static_cast<unsigned char>(text[index + 1]) < 0xa0;
        if (byte < 0x20 || byte == 0x7f || is_c1) {
            return true;
        }
    }
    return false;
}

// RFC 2045, 5.1: token "/" token, and parameters that we do not look into.
bool is_media_type(std::string_view text)
{
    const auto essence = text.substr(0, text.find(';'));
    const auto slash = essence.find('/');
    const auto is_token = [](std::string_view token) {
        return !token.empty() && std::all_of(token.begin(), token.end(), [](char letter) {
            return letter > ' ' && letter < '\x7f' &&
                   std::string_view{"()<>@,;:\\\"/[]?="}.find(letter) == std::string_view::npos;
        });
    };
    if (slash == std::string_view::npos) {
        return false;
    }
    auto subtype = essence.substr(slash + 1);
    while (!subtype.empty() && subtype.back() == ' ') {
        subtype.remove_suffix(1);
    }
    return is_token(essence.substr(0, slash)) && is_token(subtype);
}

Result<void> check_name(std::string_view name)
{
    if (name.empty() || name.size() > attribute_name_bytes_max ||
        !std::all_of(name.begin(), name.end(), is_attribute_letter)) {
        return attribute_fault(name, "the name of an attribute has 1 to " +
                                         std::to_string(attribute_name_bytes_max) +
                                         " letters a to z and digits");
    }
    // "data" is what the event carries, never an attribute (CloudEvents, 3 Context Attributes).
    if (name == "data" || name == "specversion") {
        return attribute_fault(name, "this is no attribute that an event can have");
    }
    return {};
}

// What the specification says of each attribute that it knows.
Result<void> check_value(std::string_view name, const std::string& text)
{
    if (name == "source" && !boost::urls::parse_uri_reference(text)) {
        return attribute_fault(name, "\"source\" must be a URI reference (RFC 3986)");
    }
    if (name == "dataschema" && !boost::urls::parse_uri(text)) {
        return attribute_fault(name, "\"dataschema\" must be an absolute URI (RFC 3986)");
    }
    if (name == "time" && !from_rfc3339(text)) {
        return attribute_fault(name, "\"time\" must be an RFC 3339 date and time");
    }
    if (name == "datacontenttype" && !is_media_type(text)) {
        return attribute_fault(name, "\"datacontenttype\" must be a media type (RFC 2046)");
    }
    return {};
}

bool is_of_specification(std::string_view name)
{
    for (const auto* known :
         {"id", "source", "type", "subject", "time", "dataschema", "datacontenttype"}) {
        if (name == known) {
            return true;
        }
    }
    return false;
}

} // namespace

const std::string* CloudEvent::text(std::string_view name) const
{
    const auto found = attributes.find(name);
    return found == attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
}

Result<void> check_attributes(const CloudEvent& event)
{
    for (const auto* required : {"id", "source", "type"}) {
        if (!event.attributes.contains(required)) {
            return attribute_fault(required, "\"" + std::string{required} + "\" is missing");
        }
    }
    if (event.attributes.size() > attributes_max) {
        return Error{Errc::too_large,
                     "an event has at most " + std::to_string(attributes_max) + " attributes"};
    }
    for (const auto& [name, value] : event.attributes) {
        SEAL_TRY_VOID(check_name(name));
        const auto* text = std::get_if<std::string>(&value);
        if (text == nullptr) {
            if (is_of_specification(name)) {
                return attribute_fault(name, "\"" + name + "\" must be a string");
            }
            continue;
        }
        // Only extensions may be empty.
        if (text->empty() && is_of_specification(name)) {
            return attribute_fault(name, "\"" + name + "\" must not be empty");
        }
        if (has_control_character(*text)) {
            return attribute_fault(name, "attributes have no control characters");
        }
        SEAL_TRY_VOID(check_value(name, *text));
    }
    return {};
}

bool is_json_media_type(std::string_view media_type)
{
    std::string essence{media_type.substr(0, media_type.find(';'))};
    while (!essence.empty() && essence.back() == ' ') {
        essence.pop_back();
    }
    std::transform(essence.begin(), essence.end(), essence.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return essence.ends_with("/json") || essence.ends_with("+json");
}

std::string to_text(const AttributeValue& value)
{
    if (const auto* flag = std::get_if<bool>(&value)) {
        return *flag ? "true" : "false";
    }
    if (const auto* number = std::get_if<std::int32_t>(&value)) {
        return std::to_string(*number);
    }
    return std::get<std::string>(value);
}

} // namespace sealstream
