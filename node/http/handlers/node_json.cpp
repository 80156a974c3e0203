#include "node/http/handlers/node_json.hpp"

#include "core/event/canonical_json.hpp"

namespace sealstream::http {

namespace {

void text_member(std::string& to, std::string_view key, std::string_view text)
{
    to.append("\"").append(key).append("\":");
    append_canonical_string(to, text);
}

} // namespace

std::string durability_json(const Durability& durability)
{
    std::string json{"{"};
    text_member(json, "class", durability.name);
    json.append(",\"replicas\":").append(std::to_string(durability.replicas));
    json.append(",\"synced\":").append(durability.is_synced ? "true" : "false").append("}");
    return json;
}

std::string version_json(const Services& services)
{
    std::string json{"{"};
    text_member(json, "version", services.version);
    json.append(",");
    text_member(json, "ledger", services.ledger);
    json.append(",");
    text_member(json, "log_incarnation", services.log.incarnation());
    json.append(",\"durability\":").append(durability_json(services.log.durability()));
    json.append("}\n");
    return json;
}

std::string limits_json(const Services& services)
{
    const Limits& limits = services.limits;
    std::string json{"{\"header_bytes_max\":"};
    json.append(std::to_string(limits.header_bytes_max));
    const auto number = [&json](std::string_view key, std::size_t value) {
        json.append(",\"").append(key).append("\":").append(std::to_string(value));
    };
    number("uri_bytes_max", limits.uri_bytes_max);
    number("body_bytes_max", limits.body_bytes_max);
    number("event_bytes_max", limits.event_bytes_max);
    number("json_depth_max", limits.json_depth_max);
    number("events_max", limits.events_max);
    number("page_events_default", limits.page_events);
    number("page_events_max", limits.page_events_max);
    number("page_bytes_max", limits.page_bytes_max);
    number("wait_seconds_max", static_cast<std::size_t>(limits.wait_max.count()));
    number("stream_type_bytes_max", stream_type_bytes_max);
    number("stream_id_bytes_max", stream_id_bytes_max);
    number("event_type_bytes_max", event_type_bytes_max);
    number("label_bytes_max", label_bytes_max);
    json.append("}\n");
    return json;
}

} // namespace sealstream::http
