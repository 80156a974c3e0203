#pragma once

// What the parts of one PostgresEventLog share; feeds share it too, because they may outlive the
// log, and then find it closed. Lives at home, on the I/O thread.

#include "postgres/log_statements.hpp"
#include "postgres/postgres_event_log.hpp"

namespace sealstream {

struct LogContext {
    PostgresLogOptions options;
    Pool& pool;
    BlockingPool& threads;
    TaskGroup& tasks;
    LedgerIdentity ledger;
    Durability durability;
    Notifier appended; // something may be new, or the log is closed
    bool is_closed{false};
};

} // namespace sealstream
