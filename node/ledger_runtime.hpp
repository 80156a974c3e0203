#pragma once

// One ledger in this process: its stores, its roles, and what the HTTP front end needs of it.
// Ledgers share threads and listeners, and nothing that holds an event.
//
// Order of a stop: close_feeds() once the listeners have drained, then the roles end by the stop
// that they were given, then close_stores().

#include "config/settings.hpp"
#include "core/event/event_id.hpp"
#include "core/packs/pack_set.hpp"
#include "node/metrics_page.hpp"
#include "node/stores.hpp"

namespace prometheus {
class Registry;
}

namespace sealstream {

class EventIndex;
struct AuditorStatus;
struct Projection;

namespace http {
class Health;
struct AdmissionParts;
struct Services;
} // namespace http

// What all ledgers of a process share. Outlives them.
struct RuntimeShared {
    StoresContext stores;
    EventIdSource& ids;
    http::Health& health;
    Stop& stop_http;  // requested by the drain
    Stop& stop_roles; // after the drain
    TaskGroup& roles;
    TaskGroup& feeds;
    TaskGroup& appends;
    std::function<void()> request_stop; // as SIGTERM
};

class LedgerRuntime {
public:
    // `settings` are this ledger's (Settings::for_ledger); `base_path` is empty for the one at "/".
    LedgerRuntime(const Settings& settings, std::string base_path, RuntimeShared& shared);
    ~LedgerRuntime();
    LedgerRuntime(const LedgerRuntime&) = delete;
    LedgerRuntime& operator=(const LedgerRuntime&) = delete;

    // Opens the stores, waiting for those that do not answer, and starts the roles.
    //   malformed                            a role lacks a setting
    //   unsupported, corrupt, forbidden, …   as open_stores
    [[nodiscard]] Task<Result<void>> start();

    void close_feeds();
    void close_stores();

    [[nodiscard]] const std::string& name() const noexcept { return settings_.ledger.name; }
    [[nodiscard]] EventLog& log() { return *stores_.stored; } // records as they are kept
    [[nodiscard]] AuditLog& audit() { return *stores_.audit; }
    [[nodiscard]] EventIndex& index();
    [[nodiscard]] const AuditorStatus* auditor_status() const; // null: not this role
    [[nodiscard]] http::Services& services();                  // only with the node role
    [[nodiscard]] LedgerMetrics metrics();

private:
    struct Parts;
    [[nodiscard]] Result<void> start_auditor();
    [[nodiscard]] Task<void> project();
    void start_rules();
    [[nodiscard]] Task<void> prepare_rejections();
    [[nodiscard]] http::AdmissionParts ledger_admission() const;
    void start_relay();
    [[nodiscard]] Task<Result<void>> register_packs();
    [[nodiscard]] Task<Result<void>> start_retention();
    [[nodiscard]] Task<Result<void>> tell_refused_types();
    [[nodiscard]] Task<void> keep_registering();
    [[nodiscard]] Task<Result<void>> take_over(PackSet packs);
    [[nodiscard]] std::vector<Projection> declared_folds() const;
    void start_node();

    Settings settings_; // and what its packs say
    PackSet packs_;
    std::string packs_fault_; // why they are not registered; empty: they are
    const std::string base_path_;
    RuntimeShared& shared_;
    Stores stores_;
    std::unique_ptr<Parts> parts_;
};

} // namespace sealstream
