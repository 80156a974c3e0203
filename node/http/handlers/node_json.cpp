#include "node/http/handlers/node_json.hpp"

#include "core/cloudevents/cloud_event.hpp"
#include "core/event/canonical_json.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/id_lookup.hpp"

#include <initializer_list>

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
    const FeedOptions& feeds = services.feed_options;
    const IdLookupOptions ids =
        services.id_lookup == nullptr ? IdLookupOptions{} : services.id_lookup->options();
    const auto seconds = [](auto duration) {
        return static_cast<std::size_t>(
            std::chrono::duration_cast<std::chrono::seconds>(duration).count());
    };
    const auto milliseconds = [](std::chrono::milliseconds duration) {
        return static_cast<std::size_t>(duration.count());
    };
    // Each is described in openapi/about.yaml.
    const std::initializer_list<std::pair<std::string_view, std::size_t>> rows{
        {"header_bytes_max", limits.header_bytes_max},
        {"uri_bytes_max", limits.uri_bytes_max},
        {"body_bytes_max", limits.body_bytes_max},
        {"event_bytes_max", limits.event_bytes_max},
        {"json_depth_max", limits.json_depth_max},
        {"events_max", limits.events_max},
        {"transaction_events_max", limits.transaction_events_max},
        {"transaction_streams_max", limits.transaction_events_max},
        {"page_events_default", limits.page_events},
        {"page_events_max", limits.page_events_max},
        {"page_bytes_max", limits.page_bytes_max},
        {"conflict_events_max", limits.conflict_events_max},
        {"conflict_streams_max", limits.conflict_streams_max},
        {"bulk_results_bytes_max", limits.bulk_results_bytes_max},
        {"bulk_append_wait_ms", milliseconds(limits.bulk_append_wait)},
        {"bulk_index_wait_ms", milliseconds(limits.bulk_index_wait)},
        {"in_flight_ids_max", ids.in_flight_ids_max},
        {"waiting_ids_max", ids.waiting_ids_max},
        {"unindexed_events_max", ids.tail_events_max},
        {"wait_seconds_max", seconds(limits.wait_max)},
        {"filter_types_max", filter_types_max},
        {"feed_credit_events_max", feeds.credit_events_max},
        {"feed_message_bytes_max", feeds.socket_message_bytes_max},
        {"feed_messages_per_second_max", feeds.socket_messages_per_second},
        {"feed_heartbeat_seconds", seconds(feeds.heartbeat)},
        {"requests_per_second_max", services.gate->options().rates.requests_per_second},
        {"events_per_second_max", services.gate->options().rates.events_per_second},
        {"bytes_per_second_max", services.gate->options().rates.bytes_per_second},
        {"connections_per_client_max", services.gate->options().rates.connections_per_client_max},
        {"token_bytes_max", security::token_bytes_max},
        {"stream_type_bytes_max", stream_type_bytes_max},
        {"stream_id_bytes_max", stream_id_bytes_max},
        {"event_type_bytes_max", event_type_bytes_max},
        {"label_bytes_max", label_bytes_max},
        {"policy_types_max", services.policy.types_max},
        {"policy_sources_max", policy_sources_max},
        {"policy_stream_types_max", policy_stream_types_max},
        {"dry_run_events_max", services.policy.dry_run_events_max},
        {"cloudevent_attributes_max", attributes_max},
        {"cloudevent_attribute_name_bytes_max", attribute_name_bytes_max},
    };
    std::string json;
    for (const auto& [name, value] : rows) {
        json.append(json.empty() ? "{\"" : ",\"").append(name);
        json.append("\":").append(std::to_string(value));
    }
    json.append("}\n");
    return json;
}

} // namespace sealstream::http
