#pragma once

// The SQL behind PostgresProjectionAdmin. The functions block; each is one transaction.

#include "core/ports/projection_admin.hpp"
#include "postgres/connection.hpp"

namespace sealstream {

// All but head and lag.
[[nodiscard]] Result<std::vector<ProjectionStatus>> read_statuses(Connection& connection,
                                                                  const std::string& ledger);
[[nodiscard]] Result<std::vector<ParkedFold>>
read_parked(Connection& connection, const std::string& ledger, const std::string& projection);

[[nodiscard]] Result<std::vector<ForeignWrite>> read_foreign_writes(Connection& connection,
                                                                    const std::string& ledger,
                                                                    const std::string& projection);

//   not_found   (here and below) no such projection
[[nodiscard]] Result<void> set_paused(Connection& connection, const std::string& ledger,
                                      const std::string& projection, bool is_paused);
[[nodiscard]] Result<std::size_t> ask_retry(Connection& connection, const std::string& ledger,
                                            const std::string& projection,
                                            const std::optional<StreamName>& stream);
//   conflict   one is under way; or none that the order fits
[[nodiscard]] Result<void> ask_rebuild(Connection& connection, const std::string& ledger,
                                       const std::string& projection, const RebuildWish& wish);
[[nodiscard]] Result<void> order_rebuild(Connection& connection, const std::string& ledger,
                                         const std::string& projection, RebuildOrder order);

} // namespace sealstream
