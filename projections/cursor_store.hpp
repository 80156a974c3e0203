#pragma once

// Cursors and their tables in Postgres. The functions block and work on one connection; each is one
// transaction, or says that it runs inside the caller's.

#include "postgres/connection.hpp"
#include "projections/projection.hpp"

namespace sealstream {

// Makes the tables of what does not exist yet, and takes all of it: a new epoch each.
//
//   corrupt       the cursor belongs to another log
//   unsupported   the tables were made by other SQL: rebuild
[[nodiscard]] Result<std::vector<ProjectionVersion>>
claim_active(Connection& connection, const std::string& ledger,
             const std::vector<Projection>& projections, const std::string& incarnation);

// The tables of a new version to build beside the active one, without the indexes.
[[nodiscard]] Result<ProjectionVersion> create_building(Connection& connection,
                                                        const std::string& ledger,
                                                        const Projection& projection,
                                                        const std::string& incarnation);

// Makes a halt of the active versions visible to everybody; cleared by the next claim.
[[nodiscard]] Result<void> record_halt(Connection& connection, const std::string& ledger,
                                       const std::vector<Projection>& projections,
                                       const std::string& reason);

// The version that readers see. `is_locked`: inside the caller's transaction, nobody folds until it
// ends.
//   not_found   no such projection
[[nodiscard]] Result<ProjectionVersion> read_active(Connection& connection,
                                                    const std::string& ledger,
                                                    const std::string& name, bool is_locked);

// Whether this session now owns these projections; that ends with the session. Keeps standbys
// waiting; what makes folding safe is the epoch.
[[nodiscard]] Result<bool> try_own(Connection& connection, const std::string& ledger,
                                   const std::vector<Projection>& projections);

// A name inside SQL text.
[[nodiscard]] std::string sql_name(std::string_view identifier);

} // namespace sealstream
