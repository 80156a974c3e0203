#pragma once

// The two Postgres roles of a pack in one ledger, and SQL that runs as them. README.md says why it
// is safe. The functions block; all but the first work inside the caller's transaction.

#include "postgres/connection.hpp"

namespace sealstream {

struct ApartRoles {
    std::string owner;   // of the tables: runs what makes them
    std::string fold;    // reads and writes rows: runs folds, queries, guards, invariants
    std::string schemas; // how the names of the pack's schemas begin
};

// The schemas of a pack's projections begin with its ledger's and its own name, and so do its
// roles, as far as 63 bytes let them.
[[nodiscard]] ApartRoles apart_roles(std::string_view ledger, std::string_view pack);

// Makes the roles and the functions that run SQL as them, where they are not there.
//   unsupported   our own role may not make roles, and nobody has; or they can do too much
[[nodiscard]] Result<void> make_apart(Connection& connection, const ApartRoles& roles);

// Runs statements as the owner, who may make things in this schema meanwhile, and looks at what
// they have made; then the folding role may use the tables. Codes as run_script(), and
//   forbidden   a pack may not make such a thing
[[nodiscard]] Result<void> make_as_owner(Connection& connection, const ApartRoles& roles,
                                         const std::string& schema_name,
                                         const std::string& statements);

// Text for run_script(): runs what stands in `statements_literal`, with this search path, as the
// role. Whatever foreign SQL did to the session must then be undone (fold_apart.hpp).
[[nodiscard]] std::string call_apart(const std::string& role);

// Text for run(): the rows of one statement with one text column, as the role, with the values of
// the array (at most 48). The caller has set the search path, and puts Connection::reset_script()
// behind the end of its transaction, before it lets anybody else use the session.
[[nodiscard]] std::string query_apart(const std::string& role);

} // namespace sealstream
