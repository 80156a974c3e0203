#include "core/cloudevents/mapping.hpp"

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"

#include <boost/json/object.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/grammar/lut_chars.hpp>

#include <algorithm>
#include <array>

namespace sealstream {

namespace {

namespace json = boost::json;

constexpr std::string_view kept_member = "cloudevent";

struct Twin {
    std::string_view attribute;
    std::string_view member; // of meta
};
constexpr std::array twins{Twin{"traceparent", "traceparent"}, Twin{"tracestate", "tracestate"},
                           Twin{"correlationid", "correlation"}, Twin{"causationid", "causation"},
                           Twin{"category", "category"}};

std::string_view view(const json::string& text)
{
    return {text.data(), text.size()};
}

json::string_view key(std::string_view text)
{
    return {text.data(), text.size()};
}

json::value to_json(const AttributeValue& value)
{
    if (const auto* flag = std::get_if<bool>(&value)) {
        return *flag;
    }
    if (const auto* number = std::get_if<std::int32_t>(&value)) {
        return std::int64_t{*number};
    }
    const auto& text = std::get<std::string>(value);
    return json::string{text.data(), text.size()};
}

// Values that no attribute can have are left out.
std::optional<AttributeValue> from_json(const json::value& value)
{
    if (value.is_string()) {
        return std::string{view(value.get_string())};
    }
    if (value.is_bool()) {
        return value.get_bool();
    }
    if (value.is_int64() && value.get_int64() == static_cast<std::int32_t>(value.get_int64())) {
        return static_cast<std::int32_t>(value.get_int64());
    }
    return std::nullopt;
}

// Source and id together are unique. A URI reference has no space, so the text is of one pair only.
std::string key_of(const std::string& source, const std::string& id)
{
    constexpr std::size_t suffix_bytes = 4; // "#999", should a request have a key for all
    std::string text = source + " " + id;
    if (text.size() + suffix_bytes > label_bytes_max) {
        return "sha256:" + to_hex(sha256(as_bytes(text)).view());
    }
    return text;
}

Result<StreamName> stream_of(const CloudEvent& event, const std::optional<StreamName>& path)
{
    const auto* named = event.text("stream");
    const auto* type = event.text("streamtype");
    const auto* subject = event.text("subject");
    if (path) {
        if (named != nullptr && *named != path->to_string()) {
            return Error{Errc::malformed, "\"stream\" is another one than the path names",
                         "/stream"};
        }
        return *path;
    }
    auto stream = named != nullptr                        ? StreamName::parse(*named)
                  : type != nullptr && subject != nullptr ? StreamName::make(*type, *subject)
                  : type == nullptr && subject != nullptr ? StreamName::parse(*subject)
                                                          : Result<StreamName>{Error{}};
    if (!stream) {
        return Error{Errc::bad_name,
                     "the stream is named by \"stream\" (type/id), by \"streamtype\" and "
                     "\"subject\", or by a \"subject\" of the form type/id",
                     named != nullptr ? "/stream" : "/subject"};
    }
    return stream;
}

Result<void> check_names(const CloudEvent& event)
{
    const auto type = check_event_type(*event.text("type"));
    if (!type) {
        return Error{type.error().code, type.error().context, "/type"};
    }
    const auto* actor = event.text("actor");
    if (actor != nullptr) {
        const auto checked = check_label(*actor);
        if (!checked) {
            return Error{checked.error().code, checked.error().context, "/actor"};
        }
    }
    return {};
}

// Letters of a URI reference stay; all others are percent-encoded, and so is '%' itself.
std::string to_uri_reference(const std::string& source)
{
    constexpr boost::urls::grammar::lut_chars allowed{
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?@!$&'()*+,;="};
    return boost::urls::encode(source, allowed);
}

void add_place(CloudEvent& to, Position position, WallTime ingested, const Event& event)
{
    to.attributes["stream"] = event.stream.to_string();
    to.attributes["sealposition"] = std::to_string(position.value);
    to.attributes["sealversion"] = std::to_string(event.version.value);
    to.attributes["sealtime"] = to_rfc3339(ingested);
}

// Moves what has an attribute of its own out of meta.
void take_twins(CloudEvent& to, json::object& meta)
{
    for (const Twin& twin : twins) {
        const auto* value = meta.if_contains(key(twin.member));
        if (value != nullptr && value->is_string()) {
            to.attributes.emplace(twin.attribute, std::string{view(value->get_string())});
            meta.erase(key(twin.member));
        }
    }
}

void add_common(CloudEvent& to, const Draft& draft)
{
    to.attributes.emplace("id", draft.id.to_string());
    to.attributes.emplace("type", draft.type);
    if (draft.time) {
        to.attributes.emplace("time", to_rfc3339(*draft.time));
    }
    if (!draft.actor.empty()) {
        to.attributes.emplace("actor", draft.actor);
    }
}

// An event that was appended as a CloudEvent; nothing when what meta says of it can not be.
std::optional<CloudEvent> restored(const Draft& draft, json::object meta)
{
    const auto* member = meta.if_contains(key(kept_member));
    if (member == nullptr || !member->is_object()) {
        return std::nullopt;
    }
    CloudEvent event;
    event.form = CloudEvent::Data::json;
    event.data = draft.data;
    for (const auto& pair : member->get_object()) {
        const std::string_view name{pair.key().data(), pair.key().size()};
        if (name == "data" && pair.value() == "none" && draft.data == "null") {
            event.form = CloudEvent::Data::none;
            event.data.clear();
        } else if (name == "data" && pair.value() == "base64" && draft.data.size() >= 2) {
            event.form = CloudEvent::Data::base64;
            event.data = draft.data.substr(1, draft.data.size() - 2);
            if (!from_base64(event.data)) {
                return std::nullopt;
            }
        } else if (name != "specversion") {
            auto value = from_json(pair.value());
            if (value) {
                event.attributes.emplace(name, *std::move(value));
            }
        }
    }
    meta.erase(key(kept_member));
    take_twins(event, meta);
    add_common(event, draft);
    if (!check_attributes(event)) {
        return std::nullopt;
    }
    return event;
}

CloudEvent translated(const Event& event, WallTime ingested, json::object meta)
{
    CloudEvent to;
    to.form = CloudEvent::Data::json;
    to.data = event.draft.data;
    add_common(to, event.draft);
    to.attributes["source"] = to_uri_reference(event.draft.source);
    to.attributes["subject"] = event.stream.id;
    to.attributes["streamtype"] = event.stream.type;
    to.attributes.emplace("time", to_rfc3339(ingested));
    to.attributes["datacontenttype"] = "application/json";
    take_twins(to, meta);
    if (!meta.empty()) {
        to.attributes["sealmeta"] = to_canonical_json(json::value(std::move(meta)));
    }
    return to;
}

} // namespace

bool is_of_ledger(std::string_view attribute)
{
    return attribute == "sealposition" || attribute == "sealversion" || attribute == "sealtime" ||
           attribute == "sealexpired" || attribute == "stream";
}

Result<MappedEvent> to_draft(const CloudEvent& event, const std::optional<StreamName>& path)
{
    SEAL_TRY_VOID(check_names(event));
    MappedEvent mapped;
    SEAL_TRY(stream, stream_of(event, path));
    mapped.stream = std::move(stream);
    Draft& draft = mapped.draft;

    json::object kept{{"specversion", "1.0"}};
    json::object meta;
    for (const auto& [name, value] : event.attributes) {
        const auto twin = std::find_if(twins.begin(), twins.end(), [&name = name](const Twin& one) {
            return one.attribute == name;
        });
        const bool is_text = std::holds_alternative<std::string>(value);
        if (name == "type") {
            draft.type = to_text(value);
        } else if (name == "actor" && is_text) {
            draft.actor = to_text(value);
        } else if (twin != twins.end() && is_text) {
            meta[key(twin->member)] = to_json(value);
        } else if (name != "id" && name != "time" && !is_of_ledger(name)) {
            kept[name] = to_json(value);
        }
    }

    const std::string& id = *event.text("id");
    const auto uuid = EventId::parse(id);
    mapped.has_id = static_cast<bool>(uuid);
    if (uuid) {
        draft.id = *uuid;
    } else {
        draft.key = key_of(*event.text("source"), id);
    }
    if (!uuid || uuid->to_string() != id) {
        kept["id"] = id;
    }
    if (const auto* time = event.text("time")) {
        SEAL_TRY(read, from_rfc3339(*time));
        draft.time = read;
        if (to_rfc3339(read) != *time) {
            kept["time"] = *time;
        }
    }
    if (event.form == CloudEvent::Data::json) {
        draft.data = event.data;
    } else {
        const bool has_bytes = event.form == CloudEvent::Data::base64;
        kept["data"] = has_bytes ? "base64" : "none";
        draft.data = has_bytes ? "\"" + event.data + "\"" : "null";
    }
    meta[key(kept_member)] = std::move(kept);
    draft.meta = to_canonical_json(json::value(std::move(meta)));
    return mapped;
}

CloudEvent to_cloud_event(Position position, WallTime ingested, const Event& event)
{
    json::object meta;
    if (!event.draft.meta.empty()) {
        auto value = parse_json(event.draft.meta, {128, event.draft.meta.size()});
        if (value && value->is_object()) {
            meta = std::move(value->get_object());
        }
    }
    auto to = restored(event.draft, meta);
    if (!to) {
        to = translated(event, ingested, std::move(meta));
    }
    add_place(*to, position, ingested, event);
    if (event.is_expired) {
        to->attributes["sealexpired"] = true;
    }
    return *std::move(to);
}

} // namespace sealstream
