#include "node/http/routes.hpp"

#include "node/http/handlers/handlers.hpp"

#include <algorithm>
#include <array>

namespace sealstream::http {

namespace {

using enum Surface;
using enum Access;
using enum BodyMode;

constexpr Verb get = Verb::get;
constexpr Verb post = Verb::post;
constexpr Verb put = Verb::put;
constexpr Verb del = Verb::delete_;

// clang-format off
constexpr std::array table{
    Route{post, "/v1/streams/{type}/{id}/events", "append_to_stream", clients, writer, bulk, 201, &append_to_stream, Scope::ledger, "results"},
    Route{post, "/v1/events",                     "append_mixed",     clients, writer, bulk, 200, &append_mixed, Scope::handler, "atomic results"},
    Route{post, "/v1/transactions",               "append_transaction", clients, writer, whole, 201, &append_transaction, Scope::handler},

    Route{get,  "/v1/streams/{type}/{id}/events", "read_stream",      clients, reader, none, 200, &read_stream, Scope::ledger, "after limit wait direction min-position format"},
    Route{get,  "/v1/events",                     "read_events",      clients, reader, none, 200, &read_events, Scope::handler, "after limit wait direction min-position q format type* stream_type stream source actor category from to"},
    Route{get,  "/v1/events/{id}",                "get_event",        clients, reader, none, 200, &get_event, Scope::handler, "min-position format mode"},
    Route{get,  "/v1/feed",                       "follow_feed",      clients, reader, none, 200, &follow_feed, Scope::handler, "after credit format type* stream_type stream source actor category from to"},

    Route{get,  "/events",                        "tail_events",      clients, reader, none, 200, &tail_events, Scope::handler, "since limit wait min-position type* stream_type stream source actor category start_time end_time"},
    Route{get,  "/ws/events",                     "follow_aggregates", clients, reader, none, 101, &follow_aggregates, Scope::handler, "event_types*"},
    Route{get,  "/api/v1/events",                 "read_aggregates",  clients, admin,  none, 200, &read_aggregates, Scope::ledger, "aggregate_id from to limit after"},

    Route{put,  "/v1/schemas/{event_type}",       "put_schema",       clients, admin,  whole, 201, &put_schema, Scope::ledger, "compatibility"},
    Route{get,  "/v1/schemas",                    "list_schemas",     clients, reader, none, 200, &list_schemas},
    Route{get,  "/v1/schemas/{event_type}",       "get_schema",       clients, reader, none, 200, &get_schema},
    Route{get,  "/v1/schemas/{event_type}/versions/{version}", "get_schema_version", clients, reader, none, 200, &get_schema_version},
    Route{put,  "/v1/redactions/{event_type}",    "put_redaction",    clients, admin,  whole, 201, &put_redaction},
    Route{get,  "/v1/redactions",                 "list_redactions",  clients, reader, none, 200, &list_redactions},
    Route{get,  "/v1/redactions/{event_type}",    "get_redaction",    clients, reader, none, 200, &get_redaction},

    Route{get,  "/v1/streams/{type}/{id}/verify", "verify_stream",    clients, reader, none, 200, &verify_stream},
    Route{get,  "/v1/events/{id}/proof",          "get_proof",        clients, reader, none, 200, &get_proof, Scope::ledger, "min-position"},
    Route{get,  "/checkpoint",                    "get_checkpoint",   clients, anyone, none, 200, &get_checkpoint},

    Route{get,  "/v1/groups",                     "list_groups",      clients, reader, none, 200, &list_groups},
    Route{get,  "/v1/groups/{group}",             "get_group",        clients, reader, none, 200, &get_group, Scope::handler},
    Route{put,  "/v1/groups/{group}",             "put_group",        clients, admin,  whole, 201, &put_group},
    Route{del,  "/v1/groups/{group}",             "delete_group",     clients, admin,  none, 204, &delete_group},
    Route{post, "/v1/groups/{group}/claims",      "claim_events",     clients, reader, whole, 200, &claim_events_of_group, Scope::handler},
    Route{post, "/v1/groups/{group}/claims/{token}/ack",    "ack_claim",    clients, reader, whole, 200, &ack_claim, Scope::handler},
    Route{post, "/v1/groups/{group}/claims/{token}/nack",   "nack_claim",   clients, reader, whole, 200, &nack_claim, Scope::handler},
    Route{post, "/v1/groups/{group}/claims/{token}/extend", "extend_claim", clients, reader, whole, 200, &extend_claim, Scope::handler},
    Route{get,  "/v1/groups/{group}/parked",      "list_parked",      clients, reader, none, 200, &list_parked, Scope::handler},
    Route{post, "/v1/groups/{group}/parked/{type}/{id}/retry", "retry_parked_stream", clients, admin, none, 204, &retry_parked_stream},
    Route{post, "/v1/groups/{group}/parked/{type}/{id}/skip",  "skip_parked_event",   clients, admin, none, 204, &skip_parked_event},

    Route{get,  "/v1/invariants",                 "list_invariants",  clients, reader, none, 200, &list_invariants},
    Route{get,  "/v1/invariants/{invariant}",     "get_invariant",    clients, reader, none, 200, &get_invariant},
    Route{post, "/v1/invariants/{invariant}/run", "run_invariant",    clients, admin,  none, 202, &run_invariant},
    Route{get,  "/v1/schedules",                  "list_schedules",   clients, reader, none, 200, &list_schedules},
    Route{get,  "/v1/schedules/{schedule}",       "get_schedule",     clients, reader, none, 200, &get_schedule},

    Route{get,  "/v1/projections",                "list_projections", clients, reader, none, 200, &list_projections},
    Route{get,  "/v1/projections/{projection}",   "get_projection",   clients, reader, none, 200, &get_projection},
    Route{get,  "/v1/projections/{projection}/parked",   "list_parked_folds",   clients, reader, none, 200, &list_parked_folds},
    Route{get,  "/v1/projections/{projection}/foreign-writes", "list_foreign_writes", clients, reader, none, 200, &list_foreign_writes},
    Route{get,  "/v1/projections/{projection}/snapshots", "list_snapshots", clients, reader, none, 200, &list_snapshots},
    Route{post, "/v1/projections/{projection}/snapshots", "take_snapshot",  clients, admin, none, 202, &take_snapshot_of_projection},
    Route{post, "/v1/projections/{projection}/pause",    "pause_projection",    clients, admin, none, 204, &pause_projection},
    Route{post, "/v1/projections/{projection}/resume",   "resume_projection",   clients, admin, none, 204, &resume_projection},
    Route{post, "/v1/projections/{projection}/retry",    "retry_projection",    clients, admin, whole, 202, &retry_projection},
    Route{post, "/v1/projections/{projection}/rebuild",  "rebuild_projection",  clients, admin, whole, 202, &rebuild_projection_of_ledger},
    Route{post, "/v1/projections/{projection}/rebuild/pause",  "pause_rebuild",  clients, admin, none, 202, &pause_rebuild},
    Route{post, "/v1/projections/{projection}/rebuild/resume", "resume_rebuild", clients, admin, none, 202, &resume_rebuild},
    Route{post, "/v1/projections/{projection}/rebuild/swap",   "swap_rebuild",   clients, admin, none, 202, &swap_rebuild},
    Route{post, "/v1/projections/{projection}/rebuild/cancel", "cancel_rebuild", clients, admin, none, 202, &cancel_rebuild},
    Route{post, "/v1/projections/{projection}/rollback", "roll_back_projection", clients, admin, none, 204, &roll_back_projection},

    Route{get,  "/v1/policies",                   "list_policies",    clients, reader, none, 200, &list_policies, Scope::ledger, "after limit"},
    Route{post, "/v1/policies/explain",           "explain_policy",   clients, writer, whole, 200, &explain_policy, Scope::handler},
    Route{post, "/v1/policies/dry-run",           "dry_run_policies", clients, admin,  whole, 200, &dry_run_policies},
    Route{get,  "/v1/policies/{event_type}",      "get_policy",       clients, reader, none, 200, &get_policy},
    Route{put,  "/v1/policies/{event_type}",      "put_policy",       clients, admin,  whole, 200, &put_policy},
    Route{del,  "/v1/policies/{event_type}",   "delete_policy",    clients, admin,  none, 204, &delete_policy},
    Route{get,  "/v1/rejections",                 "list_rejections",  clients, auditor, none, 200, &list_rejections, Scope::ledger, "type source from to before limit"},
    Route{get,  "/api/v1/admin/event-emission-policies",              "list_emission_policies", clients, reader, none, 200, &list_emission_policies, Scope::ledger, "after limit"},
    Route{get,  "/api/v1/admin/event-emission-policies/{event_type}", "get_emission_policy",    clients, reader, none, 200, &get_emission_policy},
    Route{put,  "/api/v1/admin/event-emission-policies/{event_type}", "put_emission_policy",    clients, admin,  whole, 200, &put_emission_policy},

    Route{get,  "/v1/limits",                     "get_limits",       clients, anyone, none, 200, &get_limits},
    Route{get,  "/v1/health",                     "get_health",       clients, anyone, none, 200, &get_health},
    Route{get,  "/.well-known/sealstream",        "get_discovery",    clients, anyone, none, 200, &get_discovery},
    Route{get,  "/.well-known/openapi",           "get_openapi",      clients, anyone, none, 200, &get_openapi},
    Route{get,  "/.well-known/openapi.json",      "get_openapi_json", clients, anyone, none, 200, &get_openapi_json},
    Route{get,  "/.well-known/openapi.yaml",      "get_openapi_yaml", clients, anyone, none, 200, &get_openapi_yaml},
    Route{get,  "/.well-known/asyncapi",          "get_asyncapi",     clients, anyone, none, 200, &get_asyncapi},

    Route{get,  "/livez",                         "get_livez",        operators, anyone, none, 200, &get_livez},
    Route{get,  "/readyz",                        "get_readyz",       operators, anyone, none, 200, &get_readyz, Scope::ledger, "verbose? exclude*"},
    Route{get,  "/startupz",                      "get_startupz",     operators, anyone, none, 200, &get_startupz},
    Route{get,  "/metrics",                       "get_metrics",      operators, metrics, none, 200, &get_metrics},
    Route{get,  "/version",                       "get_version",      operators, anyone, none, 200, &get_version},
    Route{post, "/drain",                         "post_drain",       operators, admin,  none, 202, &post_drain},
};
// clang-format on

constexpr std::array<std::string_view, 6> giving_way{
    "tail_events",         "follow_aggregates",  "read_aggregates", "list_emission_policies",
    "get_emission_policy", "put_emission_policy"};

} // namespace

std::span<const Route> routes() noexcept
{
    return table;
}

bool gives_way(const Route& route) noexcept
{
    return std::find(giving_way.begin(), giving_way.end(), route.name) != giving_way.end();
}

void allow(std::string& allowed, Verb verb)
{
    const std::string word{name(verb)};
    if ((", " + allowed + ",").find(", " + word + ",") == std::string::npos) {
        allowed.append(allowed.empty() ? "" : ", ").append(word);
        allowed.append(verb == Verb::get ? ", HEAD" : "");
    }
}

std::vector<RouteLabel> route_labels()
{
    std::vector<RouteLabel> labels;
    for (const Route& route : table) {
        labels.push_back({route.name, name(route.verb), route.usual_status});
    }
    return labels;
}

bool matches(std::string_view pattern, std::string_view path, PathParameters& parameters)
{
    parameters.count = 0;
    // Both begin with '/'; an absolute-form target or "*" fits nothing.
    if (path.empty() || path.front() != '/') {
        return false;
    }
    pattern.remove_prefix(1);
    path.remove_prefix(1);
    for (;;) {
        const bool is_last = pattern.find('/') == std::string_view::npos;
        if (is_last != (path.find('/') == std::string_view::npos)) {
            return false;
        }
        const auto expected = take_segment(pattern);
        const auto segment = take_segment(path);
        if (!expected.empty() && expected.front() == '{') {
            if (segment.empty() || parameters.count == PathParameters::count_max) {
                return false;
            }
            parameters.all[parameters.count++] = {expected.substr(1, expected.size() - 2), segment};
        } else if (expected != segment) {
            return false;
        }
        if (is_last) {
            return true;
        }
    }
}

} // namespace sealstream::http
