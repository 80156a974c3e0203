#include "node/http/event_input.hpp"

#include "core/event/canonical_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace sealstream::http {

namespace {

namespace json = boost::json;

// The member as text. `check` is the naming rule it must keep.
using NameRule = Result<void> (*)(std::string_view);

Result<std::string> text_of(const json::value& value, std::string_view key, NameRule check)
{
    if (!value.is_string()) {
        return fault_at(Errc::malformed, "\"" + std::string{key} + "\" must be a string",
                        "/" + std::string{key});
    }
    const auto text = view(value.get_string());
    if (check != nullptr) {
        const auto checked = check(text);
        if (!checked) {
            auto error = checked.error();
            error.pointer = "/" + std::string{key};
            return error;
        }
    }
    return std::string{text};
}

Result<void> take_member(EventInput& event, std::string_view key, const json::value& value,
                         EventForm form)
{
    Draft& draft = event.draft;
    if (key == "type") {
        SEAL_TRY(text, text_of(value, key, &check_event_type));
        draft.type = std::move(text);
    } else if (key == "data") {
        draft.data = to_canonical_json(value);
    } else if (key == "meta") {
        if (!value.is_object()) {
            return fault_at(Errc::malformed, "\"meta\" must be an object", "/meta");
        }
        draft.meta = to_canonical_json(value);
    } else if (key == "id") {
        SEAL_TRY(text, text_of(value, key, nullptr));
        const auto id = EventId::parse(text);
        if (!id) {
            return fault_at(Errc::malformed, "\"id\" must be a UUID", "/id");
        }
        draft.id = *id;
        event.has_id = true;
    } else if (key == "time") {
        SEAL_TRY(text, text_of(value, key, nullptr));
        const auto time = from_rfc3339(text);
        if (!time) {
            return fault_at(Errc::malformed, "\"time\" must be an RFC 3339 date and time", "/time");
        }
        draft.time = *time;
    } else if (key == "actor") {
        SEAL_TRY(text, text_of(value, key, &check_label));
        draft.actor = std::move(text);
    } else if (key == "key") {
        SEAL_TRY(text, text_of(value, key, &check_label));
        draft.key = std::move(text);
    } else if (key == "stream" && form == EventForm::mixed) {
        SEAL_TRY(text, text_of(value, key, nullptr));
        auto stream = StreamName::parse(text);
        if (!stream) {
            return fault_at(Errc::bad_name, "\"stream\" must be type/id", "/stream");
        }
        event.stream = *std::move(stream);
    } else {
        return fault_at(Errc::malformed,
                        "unknown member; an event has type, id, data, meta, time, actor and key" +
                            std::string{form == EventForm::mixed ? ", and its stream" : ""},
                        "/" + std::string{key});
    }
    return {};
}

// "order-7" of one event, "order-7#2/3" of the second of three: part of the content, so that a
// repeat with another number of events is other content.
std::string shared_key(std::string_view key, std::size_t number, std::size_t count)
{
    std::string text{key};
    if (count > 1) {
        text.append("#").append(std::to_string(number)).append("/").append(std::to_string(count));
    }
    return text;
}

} // namespace

Result<EventInput> parse_event(const json::value& value, EventForm form, const Limits& limits)
{
    if (!value.is_object()) {
        return fault_at(Errc::malformed, "an event is a JSON object", "");
    }
    EventInput event;
    for (const auto& member : value.get_object()) {
        const std::string_view key{member.key().data(), member.key().size()};
        auto taken = take_member(event, key, member.value(), form);
        if (!taken) {
            return taken.error();
        }
    }
    if (event.has_id && !event.draft.key.empty()) {
        return fault_at(Errc::malformed,
                        "an event has an id or a key, not both: either makes a repeat recognisable",
                        "/key");
    }
    if (event.draft.type.empty()) {
        return fault_at(Errc::malformed, "\"type\" is missing", "/type");
    }
    if (form == EventForm::mixed && event.stream.type.empty()) {
        return fault_at(Errc::malformed, "\"stream\" is missing", "/stream");
    }
    if (event.draft.data.size() + event.draft.meta.size() > limits.event_bytes_max) {
        return fault_at(Errc::too_large,
                        "data and meta of one event may have " +
                            std::to_string(limits.event_bytes_max) + " bytes together",
                        "/data");
    }
    return event;
}

Result<std::vector<EventInput>> parse_events(std::string_view body, EventForm form,
                                             const Limits& limits)
{
    const JsonLimits json_limits{limits.json_depth_max, limits.body_bytes_max};
    SEAL_TRY(value, parse_json(body, json_limits));
    std::vector<EventInput> events;
    if (!value.is_array()) {
        SEAL_TRY(event, parse_event(value, form, limits));
        events.push_back(std::move(event));
        return events;
    }
    const auto& array = value.get_array();
    if (array.empty() || array.size() > limits.events_max) {
        return fault_at(
            array.empty() ? Errc::malformed : Errc::too_large,
            "an array of events has 1 to " + std::to_string(limits.events_max) + " elements", "");
    }
    events.reserve(array.size());
    for (const auto& element : array) {
        auto event = parse_event(element, form, limits);
        if (!event) {
            auto error = event.error();
            error.pointer.insert(0, "/" + std::to_string(events.size()));
            return error;
        }
        events.push_back(*std::move(event));
    }
    return events;
}

void complete(std::vector<EventInput>& events, const std::string& source, std::string_view key,
              EventIdSource& ids)
{
    Bytes random(events.size() * Salt{}.size());
    fill_random(random);
    std::size_t sharing = 0; // events so far that take their key from the request's
    for (std::size_t number = 0; number < events.size(); ++number) {
        EventInput& event = events[number];
        Draft& draft = event.draft;
        draft.source = source;
        std::copy_n(random.begin() + static_cast<std::ptrdiff_t>(number * draft.salt.size()),
                    draft.salt.size(), draft.salt.begin());
        if (event.has_id) {
            continue; // it can be recognised already
        }
        if (!draft.key.empty()) {
            draft.id = id_of_key(source, draft.key);
        } else if (key.empty()) {
            draft.id = ids.next();
        } else {
            draft.key = shared_key(key, ++sharing, events.size());
            draft.id = id_of_key(source, sharing == 1 ? key : std::string_view{draft.key});
        }
    }
}

} // namespace sealstream::http
