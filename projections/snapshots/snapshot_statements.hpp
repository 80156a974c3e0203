#pragma once

// What operators see of snapshots, and their orders. The functions block.

#include "core/ports/projection_admin.hpp"
#include "postgres/connection.hpp"

namespace sealstream {

[[nodiscard]] Result<void> add_snapshot_counts(Connection& connection, const std::string& ledger,
                                               std::vector<ProjectionStatus>& statuses);

//   not_found   (here and below) no such projection
[[nodiscard]] Result<Snapshots> read_snapshots(Connection& connection, const std::string& ledger,
                                               const std::string& projection);
//   conflict   one that was asked for is not taken yet
[[nodiscard]] Result<void> ask_snapshot(Connection& connection, const std::string& ledger,
                                        const std::string& projection);

} // namespace sealstream
