#pragma once

// Every setting of a process, with its default. Modules never see this: the wiring hands each its
// own options. What a key is called, and what it may hold, is in keys.hpp.

#include "core/base/log.hpp"
#include "jetstream/options.hpp"
#include "node/http/options.hpp"
#include "node/security/options.hpp"
#include "postgres/options.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sealstream {

// Where the log is: NATS JetStream, or one Postgres database for everything.
enum class Profile : std::uint8_t { cluster, single_database };

struct Roles {
    bool is_node{true};
    bool is_projector{true};
    bool is_auditor{true};
    bool is_relay{true}; // works only where there is an outbox: profile cluster, with Postgres
};

struct LedgerSettings {
    std::string name{"main"};
    CodecKind codec{CodecKind::canonical_json};
    ChainPolicy chain{};
    bool is_enterprise{false}; // chains everywhere
    ConditionPolicy required_conditions{};

    [[nodiscard]] ChainPolicy effective_chain() const
    {
        return is_enterprise ? ChainPolicy{true, {}} : chain;
    }
};

// How to reach Postgres: by `uri` or `uri_file`, else by the parts.
struct PostgresSettings {
    std::string host{};
    std::uint16_t port{5432};
    std::string database{"sealstream"};
    std::string user{"sealstream"};
    std::filesystem::path password_file{};
    std::filesystem::path uri_file{};
    std::string sslmode{}; // empty: as libpq's default
    std::filesystem::path tls_ca_file{};
    std::filesystem::path tls_certificate_file{};
    std::filesystem::path tls_key_file{};
    PostgresOptions options{};
    std::size_t queue_bytes_max{256 << 20}; // of appends that wait for the log
};

struct ProjectorSettings {
    std::size_t batch_events_max{5'000};
    std::chrono::milliseconds batch_wait{20}; // for a batch to fill
    std::chrono::milliseconds fold_timeout{30'000};
    std::size_t parked_streams_max{1'000};
    std::size_t lanes_max{3};
};

// Copies of read models at positions of the log, and their state as of a position.
struct SnapshotSettings {
    std::size_t events{1'000'000};    // folded since the last one; 0: not by their number
    std::chrono::seconds interval{0}; // since the last one, if anything was folded; 0: not by time
    std::size_t keep{4};              // of one projection
    std::chrono::seconds time_max{600};      // for taking one
    std::size_t as_of_events_max{1'000'000}; // folded for one question
    std::chrono::milliseconds as_of_wait{30'000};
    std::size_t as_of_states_max{16};     // kept at once
    std::chrono::seconds as_of_keep{600}; // since it was last asked for
};

struct AuditorSettings {
    std::filesystem::path key_file{}; // Ed25519 private key
    std::string origin{};             // the log's name in its checkpoints
    std::size_t checkpoint_events{10'000};
    std::chrono::milliseconds checkpoint_wait{1'000}; // the first of the two makes a checkpoint
    std::chrono::milliseconds heartbeat{5'000};       // a leaf that says "nothing happened"
};

struct OutboxSettings {
    std::chrono::milliseconds poll{100};       // how often an empty outbox is looked at
    std::size_t page_events_max{1'000};        // appended and stamped together
    std::chrono::seconds keep{7 * 24 * 3'600}; // rows of what is in the log
};

struct PackSettings {
    std::vector<std::string> enabled{}; // load_packs.hpp
    std::filesystem::path folder{"/usr/share/sealstream/packs"};
    std::chrono::milliseconds watch{0}; // how often their files are looked at; 0: never
    bool has_invariants{true};          // they run when they are due; else when they are asked to
    bool has_schedules{true};           // likewise
    std::chrono::milliseconds work_time_max{10'000}; // for the SQL of one of them
    std::size_t schedule_rows_max{500};              // events of one run
};

struct RetentionSettings {
    std::filesystem::path key_file{};       // wraps the keys of payloads; empty: nothing expires
    std::chrono::milliseconds poll{10'000}; // between two looks for keys whose time is over
    std::size_t keys_destroyed_max{100};    // in one transaction
    std::size_t keys_cached_max{10'000};
    std::chrono::milliseconds key_cache{60'000}; // before a key is asked for again
};

struct LogSettings {
    Level level{Level::info};
};

struct Settings {
    Profile profile{Profile::cluster};
    Roles roles{};
    LedgerSettings ledger{};
    http::Options http{};
    http::Limits limits{};
    http::FeedOptions feeds{};
    http::IdLookupOptions id_lookup{};
    http::PolicyOptions policy{};
    security::AccessOptions access{};
    jetstream::ConnectionOptions nats{};
    jetstream::EventLogOptions event_log{}; // its ledger, codec and chain come from `ledger`
    jetstream::FeedOptions pulls{};         // how feeds ask the log
    PostgresSettings postgres{};
    ProjectorSettings projector{};
    SnapshotSettings snapshots{};
    AuditorSettings auditor{};
    OutboxSettings outbox{};
    PackSettings packs{};
    RetentionSettings retention{};
    GroupBounds groups{};
    LogSettings log{};
    std::vector<std::string> other_ledgers{}; // names; served below /ledgers/{name}
    std::vector<Settings> others{};           // for each of them, with what is its own
};

} // namespace sealstream
