#pragma once

// Cursors and their tables in Postgres. The functions block and work on one connection; each is one
// transaction, or says that it runs inside the caller's.

#include "postgres/connection.hpp"
#include "projections/projection.hpp"

#include <optional>

namespace sealstream {

// An active version that is ours to fold, and what folds it.
struct Claimed {
    ProjectionVersion version;
    Projection fold;         // as the version was made: maybe not what we were given
    bool is_outdated{false}; // it was made by other SQL: rebuild it
};

// Makes the tables of the projection if there are none, and takes it: a new epoch. What a pack's
// SQL may have done to the session is undone when this succeeds; else the session must be closed.
//
//   corrupt       the cursor belongs to another log
//   unsupported   the tables were made by other SQL that is not known any more: rebuild
//   forbidden     a pack made what it may not
[[nodiscard]] Result<Claimed> claim(Connection& connection, const std::string& ledger,
                                    const Projection& projection, const std::string& incarnation);

// The tables of a new version to build beside the active one, without the indexes.
[[nodiscard]] Result<ProjectionVersion> create_building(Connection& connection,
                                                        const std::string& ledger,
                                                        const Projection& projection,
                                                        const std::string& incarnation);

// What a rebuild by the same SQL, of the same log, has left behind: taken, with a new epoch; none
// if there is nothing of that kind.
[[nodiscard]] Result<std::optional<ProjectionVersion>>
claim_building(Connection& connection, const std::string& ledger, const Projection& projection,
               const std::string& incarnation);

// Inside the caller's transaction: the tables of a version in the state `past`, at the beginning of
// the log, with epoch 1. `is_kept`: it is numbered as a rebuild is, so that it can be swapped in;
// else it gets the next negative version.
[[nodiscard]] Result<ProjectionVersion> create_past(Connection& connection,
                                                    const std::string& ledger,
                                                    const Projection& projection,
                                                    const std::string& incarnation, bool is_kept);

// The SQL that made and folds the active versions, and the log that they are of: of the one named,
// or of all by name.
struct Defined {
    Projection fold;
    ProjectionVersion version;
    std::string incarnation;
};
//   not_found     there is no such projection
//   unsupported   its SQL is not known any more: rebuild it
[[nodiscard]] Result<std::vector<Defined>>
read_definitions(Connection& connection, const std::string& ledger, const std::string& name);

// Makes a halt of the active version visible to everybody; `code` is for programs. Cleared by an
// operator, or by the next claim.
[[nodiscard]] Result<void> record_halt(Connection& connection, const std::string& ledger,
                                       const std::string& projection, const std::string& code,
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
                                   const std::vector<std::string>& projections);

// A name inside SQL text.
[[nodiscard]] std::string sql_name(std::string_view identifier);

} // namespace sealstream
