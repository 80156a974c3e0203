#pragma once

// The rows of sealstream.pack_work, and the lock of who may write them. The functions block and
// work on one connection, each in one statement or transaction.

#include "core/ports/work_store.hpp"
#include "postgres/connection.hpp"

namespace sealstream {

// Whether this session now runs the work of the ledger; that ends with the session.
[[nodiscard]] Result<bool> try_own_work(Connection& connection, const std::string& ledger);

// What is declared now. What is declared no more loses its row.
[[nodiscard]] Result<void> declare_work(Connection& connection, const std::string& ledger,
                                        const std::vector<DeclaredWork>& all);

[[nodiscard]] Result<std::vector<NamedMemory>> read_work(Connection& connection,
                                                         const std::string& ledger);

[[nodiscard]] Result<void> record_run(Connection& connection, const std::string& ledger,
                                      const WorkRun& run);

[[nodiscard]] Result<std::vector<WorkStatus>>
read_work_statuses(Connection& connection, const std::string& ledger, WorkKind kind);

// The number of the run; none: nothing of that name is declared. `moment`: of a schedule, for that
// one instead of the newest.
[[nodiscard]] Result<std::optional<std::uint64_t>>
ask_for_run(Connection& connection, const std::string& ledger, WorkKind kind,
            const std::string& name, std::optional<WallTime> moment = {});

} // namespace sealstream
