#pragma once

// One process: its settings become roles. The only place that knows concrete adapters.
//
//   Process process{settings};
//   const auto ended = process.run(main_task);      blocks; SIGTERM and SIGINT end it in good order
//
// Order of a stop: listeners drain (no request is lost) → roles finish what they have begun → the
// log and the audit stream close → connections and threads end. Each stage is logged with how long
// it took.

#include "config/settings.hpp"
#include "core/async/awaitable.hpp"
#include "core/base/clock.hpp"
#include "core/ports/audit_log.hpp"
#include "core/ports/event_index.hpp"
#include "core/ports/event_log.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

namespace sealstream {

struct AuditorStatus;
struct ProjectorStatus;

// What code that runs inside the process may use.
class Parts {
public:
    virtual ~Parts() = default;
    [[nodiscard]] virtual EventLog& log() = 0;
    [[nodiscard]] virtual AuditLog& audit() = 0;
    [[nodiscard]] virtual EventIndex& index() = 0;
    [[nodiscard]] virtual const AuditorStatus* auditor_status() const = 0; // null: not this role
    [[nodiscard]] virtual boost::asio::any_io_executor executor() = 0;
    [[nodiscard]] virtual const Clock& clock() const = 0;
    [[nodiscard]] virtual bool is_stopping() const = 0;
    [[nodiscard]] virtual std::string
    url() const = 0; // of the HTTP API; empty without the node role
    [[nodiscard]] virtual std::string admin_url() const = 0;
    virtual void stop() = 0; // as SIGTERM
};

// Runs the roles of `settings` until a signal, or until `inside` calls stop(). `inside` runs once
// everything has started; may be empty.
//   what starting can fail with: unsupported, corrupt, forbidden, malformed, unavailable (an
//   address)
// Stores that do not answer are waited for, not failed on.
[[nodiscard]] Result<void> run_process(const Settings& settings,
                                       std::function<Task<void>(Parts&)> inside);

class BlockingPool;
class Pool;
class Stop;

struct ToolParts {
    EventLog& log;
    AuditLog& audit;
    Pool* pool; // null: no Postgres is configured
    BlockingPool& threads;
    Stop& stop;
    const Clock& clock;
};

// Connects to the stores of `settings` without starting any role, for the command line: runs
// `inside` and returns what it returns. Stores are waited for up to `patience`.
//   unavailable   they did not answer in time
[[nodiscard]] Result<int> run_tool(const Settings& settings, std::chrono::milliseconds patience,
                                   std::function<Task<Result<int>>(ToolParts)> inside);

} // namespace sealstream
