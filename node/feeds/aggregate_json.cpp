#include "node/feeds/aggregate_json.hpp"

#include "core/event/canonical_json.hpp"

namespace sealstream {

void append_aggregate_json(std::string& to, WallTime ingested, const Event& event)
{
    const Draft& draft = event.draft;
    const auto member = [&to](std::string_view name, std::string_view text) {
        to.append(",\"").append(name).append("\":");
        append_canonical_string(to, text);
    };
    to.append("{\"id\":\"").append(draft.id.to_string()).append("\"");
    member("event_type", draft.type);
    member("aggregate_id", event.stream.id);
    member("aggregate_type", event.stream.type);
    to.append(",\"data\":").append(draft.data);
    to.append(",\"metadata\":").append(draft.meta.empty() ? "{}" : draft.meta);
    member("timestamp", to_rfc3339(draft.time.value_or(ingested)));
    to.append(",\"version\":").append(std::to_string(event.version.value));
    member("source_service", draft.source);
    if (draft.key.empty()) {
        to.append(",\"idempotency_key\":null");
    } else {
        member("idempotency_key", draft.key);
    }
    to.push_back('}');
}

std::string aggregate_json(const StoredEvent& stored)
{
    std::string json;
    append_aggregate_json(json, stored.ingested, stored.event);
    return json;
}

} // namespace sealstream
