#pragma once

// The role "relay" of one ledger: the outbox of its database, brought into its log by the same
// rules that hold for appends over HTTP.

#include "node/outbox_target.hpp"
#include "node/stores.hpp"

namespace sealstream {

class OutboxRole {
public:
    OutboxRole(const Settings& settings, Stores& stores, StoresContext context, Stop& stop,
               prometheus::Registry& registry, http::AdmissionParts admission);
    ~OutboxRole();
    OutboxRole(const OutboxRole&) = delete;
    OutboxRole& operator=(const OutboxRole&) = delete;

    // Waits for Postgres, says there that sealstream.append() fills the outbox, and relays.
    [[nodiscard]] Task<void> run();

private:
    [[nodiscard]] Task<Result<void>> prepare();

    const Settings& settings_;
    Stores& stores_;
    StoresContext context_;
    Stop& stop_;
    OutboxMetrics metrics_;
    AdmittingTarget target_;
    OutboxRelay relay_;
};

} // namespace sealstream
