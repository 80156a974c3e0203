#pragma once

// How to reach NATS, and what to ask of it.

#include "core/event/append_plan.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace sealstream::jetstream {

// For how long a leader that was just elected may tell less of a stream than there is.
inline constexpr std::chrono::seconds new_leader_settles{30};

struct ConnectionOptions {
    std::string url{"nats://127.0.0.1:4222"}; // several, separated by commas
    std::string name{"sealstream"};           // shown by the server
    std::string credentials_file;             // JWT and seed; empty means none
    std::string nkey;                         // public; signs in together with the next
    std::string nkey_seed_file;
    std::string user; // signs in together with the next
    std::string password_file;
    std::string tls_ca_file;          // turns TLS on: only servers that it vouches for, by name
    std::string tls_certificate_file; // to show to the server, with its key
    std::string tls_key_file;
    std::chrono::milliseconds connect_timeout{2'000};
    std::chrono::milliseconds reconnect_wait{100}; // between tries; for ever
    std::chrono::milliseconds leave_server_after{
        10'000}; // without an answer by a quorum: elections take 9 s
    std::chrono::milliseconds write_timeout{5'000};
    std::chrono::milliseconds ping_interval{10'000}; // two unanswered pings break the connection
};

struct EventLogOptions {
    std::string ledger{"main"};
    int replicas{1};
    std::int64_t bytes_max{-1};                 // of the log; -1 means what the server allows
    std::chrono::seconds duplicate_window{600}; // longer than any retry
    bool is_synced{false}; // the server syncs every write (sync_interval: always), as we are told
    std::string
        monitor_urls; // where the servers say so themselves, separated by commas; may be empty
    CodecKind codec{CodecKind::canonical_json};
    ChainPolicy chain;

    std::size_t queue_events_max{65'536};   // waiting for the server; beyond it: overloaded
    std::size_t queue_bytes_max{256 << 20}; // … and their bytes; one append is taken in any case
    std::size_t group_events_min{256}; // synced: beyond so many always; before, SyncPace decides
    std::size_t plain_in_flight_max{4'096}; // single publishes without an answer
    std::size_t batches_in_flight_max{2};   // atomic batches without an answer, on several replicas
    std::size_t batch_events_max{1'000};    // the server's own limit
    std::size_t batch_bytes_max{4 << 20};
    std::size_t known_streams_max{200'000}; // heads kept in memory, about 200 bytes each
    std::chrono::milliseconds acknowledge_timeout{3'000}; // of one publish
    std::chrono::milliseconds append_timeout{12'000};     // of one append with all its retries
    std::chrono::milliseconds request_timeout{5'000};     // of one request to the server's API
    std::chrono::milliseconds settle_timeout{new_leader_settles};
    std::chrono::milliseconds durability_interval{60'000}; // between two looks at how servers sync
    std::chrono::milliseconds durability_retry{5'000};     // after a look that had no answer
};

struct FeedOptions {
    std::size_t pull_events{1'000};           // asked for at once; two requests overlap
    std::size_t pull_bytes{4 << 20};          // a larger event is asked for by itself
    std::size_t buffered_events_max{8'000};   // no new request above it
    std::size_t buffered_bytes_max{16 << 20}; // nor above this
    std::chrono::milliseconds pull_expires{4'000};
    std::chrono::milliseconds heartbeat{1'000};  // three missed ones make a new consumer
    std::chrono::milliseconds stall{5'000};      // so does nothing of what is pending for so long
    std::chrono::seconds inactive_threshold{60}; // then the server forgets the consumer
    std::chrono::milliseconds settle_timeout{new_leader_settles};
    std::chrono::milliseconds patience{10'000}; // without a server before next() says unavailable
};

} // namespace sealstream::jetstream
