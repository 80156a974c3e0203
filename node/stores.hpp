#pragma once

// The stores of one ledger, by profile: the log and the audit stream on NATS or on Postgres.

#include "config/settings.hpp"
#include "core/async/blocking_pool.hpp"
#include "core/async/stop.hpp"
#include "core/async/task_group.hpp"
#include "core/ports/audit_log.hpp"
#include "core/ports/event_log.hpp"
#include "postgres/pool.hpp"

#include <functional>
#include <memory>

namespace sealstream {

struct Stores {
    std::unique_ptr<Pool> pool;    // null: no Postgres is configured
    std::unique_ptr<EventLog> log; // what appends and reads; payloads in clear
    EventLog* stored{nullptr};     // records as they are kept: for auditors and verifiers
    std::unique_ptr<AuditLog> audit;
    std::function<bool()> is_connected; // to the log
    std::function<void()> close_audit;
};

struct StoresContext {
    boost::asio::any_io_executor home;
    const Clock& clock;
    BlockingPool& threads;
    TaskGroup& tasks;
    Stop& stop;
};

// Tries again while a store does not answer, until a stop is asked for.
//   unsupported, corrupt, forbidden, malformed   trying again does not help
//   shutting_down                                stopped meanwhile
[[nodiscard]] Task<Result<Stores>> open_stores(const Settings& settings, StoresContext context);

// Brings the schema of Postgres up to date, with the same patience.
[[nodiscard]] Task<Result<void>> migrate_patiently(Pool& pool, StoresContext context);

} // namespace sealstream
