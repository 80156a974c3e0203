#pragma once

// Copying the tables of one schema into another and back. A copy holds rows only: columns of types
// that the pack has made are text in it, so it does not hang on the schema that it was copied from.
// The functions block, and work inside the caller's transaction.

#include "projections/snapshots/snapshot.hpp"

namespace sealstream {

struct CopiedColumn {
    std::string name;
    std::string type;         // with its schema
    bool is_own{false};       // not a type of Postgres: copied as text
    bool is_generated{false}; // made by the table itself
};
struct CopiedTable {
    std::string name;
    std::vector<CopiedColumn> columns;
};

// In an order in which they can be filled.
//   unsupported   there is none
[[nodiscard]] Result<std::vector<CopiedTable>> read_layout(Connection& connection,
                                                           const std::string& schema_name);

[[nodiscard]] Result<std::vector<SequenceState>> read_sequences(Connection& connection,
                                                                const std::string& schema_name);

// Texts for SQL, pure.
[[nodiscard]] std::string copy_out(const CopiedTable& table, const std::string& from,
                                   const std::string& to);
// Statements that empty the tables of `to` and fill them with what is in `from`, without the
// tables' triggers; for whoever owns the tables.
[[nodiscard]] std::string copy_in_all(const std::vector<CopiedTable>& tables,
                                      const std::vector<SequenceState>& sequences,
                                      const std::string& from, const std::string& to);

} // namespace sealstream
