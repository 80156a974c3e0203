#include "node/feeds/event_json.hpp"

#include "core/base/encoding.hpp"
#include "core/cloudevents/mapping.hpp"
#include "core/cloudevents/structured.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/codec.hpp"

#include <array>
#include <charconv>

namespace sealstream {

namespace {

void append_number(std::string& to, std::uint64_t number)
{
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    to.append(digits.data(), end.ptr);
}

void append_text(std::string& to, std::string_view key, std::string_view text)
{
    to.append(key);
    append_canonical_string(to, text);
}

} // namespace

void append_event_json(std::string& to, Position position, WallTime ingested, const Event& event)
{
    const Draft& draft = event.draft;
    to.append("{\"position\":\"");
    append_number(to, position.value);
    // Ids, types and times hold no letter that JSON escapes.
    to.append("\",\"id\":\"").append(draft.id.to_string());
    to.append("\",\"type\":\"").append(draft.type);
    append_text(to, "\",\"stream\":", event.stream.to_string());
    to.append(",\"version\":\"");
    append_number(to, event.version.value);
    append_text(to, "\",\"source\":", draft.source);
    if (!draft.actor.empty()) {
        append_text(to, ",\"actor\":", draft.actor);
    }
    if (draft.time) {
        to.append(",\"time\":\"").append(to_rfc3339(*draft.time)).append("\"");
    }
    to.append(",\"ingested\":\"").append(to_rfc3339(ingested));
    to.append("\",\"data\":").append(draft.data);
    if (!draft.meta.empty()) {
        to.append(",\"meta\":").append(draft.meta);
    }
    if (event.is_expired) {
        to.append(",\"expired\":true");
    }
    if (!draft.key.empty()) {
        append_text(to, ",\"key\":", draft.key);
    }
    if (event.prev_hash && event.hash) {
        to.append(",\"prev_hash\":\"").append(to_hex(event.prev_hash->view()));
        to.append("\",\"hash\":\"").append(to_hex(event.hash->view())).append("\"");
    }
    to.push_back('}');
}

void append_event(std::string& to, EventFormat format, Position position, WallTime ingested,
                  const Event& event)
{
    if (format == EventFormat::cloudevents) {
        append_structured(to, to_cloud_event(position, ingested, event));
    } else {
        append_event_json(to, position, ingested, event);
    }
}

std::string event_json(const StoredEvent& stored)
{
    std::string json;
    json.reserve(stored.event.draft.data.size() + stored.event.draft.meta.size() + 384);
    append_event_json(json, stored.position, stored.ingested, stored.event);
    return json;
}

Result<StoredEvent> decode_stored(const StoredRecord& record)
{
    auto event = decode_record(record.record);
    if (!event) {
        return Error{Errc::corrupt, "the record at position " +
                                        std::to_string(record.position.value) + ": " +
                                        describe(event.error())};
    }
    event->is_expired = record.is_expired;
    return StoredEvent{record.position, record.ingested, *std::move(event)};
}

Result<std::vector<StoredEvent>> decode_stored(const std::vector<StoredRecord>& records)
{
    std::vector<StoredEvent> events;
    events.reserve(records.size());
    for (const StoredRecord& record : records) {
        SEAL_TRY(event, decode_stored(record));
        events.push_back(std::move(event));
    }
    return events;
}

} // namespace sealstream
