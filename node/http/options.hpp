#pragma once

// Settings of the HTTP front end. Every wait and every size has its bound here, with its unit.

#include "core/rules/emission_rules.hpp"
#include "node/security/tls_options.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sealstream::http {

// What a client may ask for; GET /v1/limits shows them.
struct Limits {
    std::size_t header_bytes_max{16 << 10}; // request line and fields; 431 beyond
    std::size_t uri_bytes_max{8 << 10};     // 414 beyond
    std::size_t body_bytes_max{8 << 20};    // a body that is held whole; NDJSON has no bound
    std::size_t event_bytes_max{1 << 20};   // one event, one NDJSON line
    std::size_t json_depth_max{64};
    std::size_t events_max{1000};                // in one array
    std::size_t transaction_events_max{1000};    // and as many streams, written or checked
    std::size_t page_events_max{1000};           // ?limit=
    std::size_t page_events{100};                // without ?limit=
    std::size_t page_bytes_max{4 << 20};         // a page ends early beyond it
    std::size_t conflict_events_max{100};        // shown in a 412
    std::size_t conflict_streams_max{20};        // … and the streams that they are of
    std::size_t bulk_events_max{500};            // NDJSON lines of one stream that share an append
    std::size_t bulk_bytes_max{1 << 20};         // … and their bytes
    std::size_t bulk_appends_max{256};           // of one mixed bulk at the same time
    std::size_t bulk_results_bytes_max{1 << 20}; // held back until the request has been read
    std::chrono::milliseconds bulk_append_wait{10'000};   // for a busy node, before a line fails
    std::chrono::milliseconds bulk_index_wait{2'000};     // at the start of a bulk with keys
    std::chrono::seconds wait_max{60};                    // long-poll and min-position
    std::size_t pack_rows_max{1'000};                     // of a pack's query without pages
    std::chrono::milliseconds pack_query_time_max{5'000}; // then its statement is ended
    std::size_t guard_attempts_max{10};              // to append to a stream that others append to
    std::chrono::milliseconds guard_wait_max{5'000}; // for the tables that a guard looks at
};

// Who may append what.
struct PolicyOptions {
    UnknownTypes unknown_types{UnknownTypes::allow};   // events of a type without a policy
    UnknownTypes unknown_schemas{UnknownTypes::allow}; // events of a type without a schema
    std::size_t schema_versions_max{1'000};            // of one event type
    // Names for groups of sources: "registry" in emit_from_registry. Each has its patterns.
    std::map<std::string, std::vector<std::string>, std::less<>> classes{
        {"registry", {"registry*"}}, {"teg", {"teg*"}}};
    std::size_t types_max{10'000};                      // event types that may have a policy
    std::size_t dry_run_events{100'000};                // of a dry run that does not say how many
    std::size_t dry_run_events_max{1'000'000};          // looked at by one dry run
    std::chrono::milliseconds dry_run_time_max{30'000}; // then it says how far it came
    std::size_t rejection_data_bytes_max{4'096};        // of a refused event's data is kept
    std::uint32_t rejections_keep_days{90};             // then they are forgotten
    std::chrono::milliseconds apply_wait_max{5'000};    // for an edit to hold on this node
};

// Looking up clients' ids before an append (docs/idempotency.md).
struct IdLookupOptions {
    std::size_t statement_ids_max{5'000};   // ids that share one SQL statement
    std::size_t statements_max{2};          // under way at once
    std::size_t waiting_ids_max{200'000};   // beyond it: overloaded
    std::size_t tail_events_max{50'000};    // of the log above the index, whose ids a node may keep
    std::size_t tail_step_events{5'000};    // read from the log for one look-up
    std::size_t in_flight_ids_max{200'000}; // of running requests; beyond it: overloaded
    std::chrono::milliseconds clock_age_max{5'000}; // then the log's clock is asked again
};

struct Timeouts {
    std::chrono::milliseconds handshake{10'000};    // of TLS
    std::chrono::milliseconds idle{75'000};         // between two requests
    std::chrono::milliseconds header{10'000};       // from the first byte to the empty line
    std::chrono::milliseconds body{10'000};         // plus one second for every KiB that has come
    std::chrono::milliseconds body_silence{30'000}; // NDJSON: one read
    std::chrono::milliseconds write{30'000};        // one write; then the client is too slow
    std::chrono::milliseconds linger{2'000}; // reading on after a refusal, so that it arrives
    std::chrono::milliseconds sweep{250};    // how exactly the above are kept
};

struct FeedOptions {
    std::size_t ring_bytes_max{64 << 20}; // memory for recent events that all subscribers share
    std::size_t history_readers_max{2};   // at once; the others wait for their turn
    std::size_t batch_events_max{1000};   // one wake-up of a subscriber
    std::size_t batch_bytes_max{256 << 10};
    std::size_t credit_events_max{10'000};        // a WebSocket's unacknowledged events
    std::size_t socket_message_bytes_max{1024};   // of a WebSocket client's command
    std::size_t socket_messages_per_second{1000}; // … and in all, pings included
    std::chrono::milliseconds heartbeat{15'000};
    std::chrono::milliseconds client_retry{2'000};  // `retry:` of an event stream
    std::chrono::milliseconds log_away_max{15'000}; // of silence of the log; then live feeds end
};

// Limits and FeedOptions are given to handlers, in Services.
struct Options {
    std::string address{"127.0.0.1"};
    std::uint16_t port{0}; // 0: a free one
    std::string admin_address{"127.0.0.1"};
    std::uint16_t admin_port{0};
    std::size_t connections_max{10'000};         // per listener; beyond, accepting waits
    std::chrono::milliseconds drain_idle{1'000}; // a connection that is silent so long is closed

    Timeouts timeouts;

    // Addresses that are not loopback need TLS, or this said about plain HTTP on them; clients'
    // also need a way to tell who they are.
    security::TlsOptions tls;
    security::TlsOptions admin_tls;
    bool is_plain_anywhere{false};
    bool is_admin_plain_anywhere{false};
    bool has_authentication{false}; // set by the wiring: tokens or anonymous rules are set up
};

} // namespace sealstream::http
