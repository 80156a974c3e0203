#pragma once

// What SQL of a pack may be, as far as its text can tell: a help for who writes a pack. What holds
// is the pack's Postgres role, which can touch nothing but the pack's own tables.

#include "core/packs/sql_text.hpp"
#include "core/packs/sql_tokens.hpp"

#include <map>

namespace sealstream {

enum class SqlUse : std::uint8_t {
    tables,     // CREATE TABLE …: any number of statements
    indexes,    // CREATE INDEX
    apply,      // INSERT, UPDATE, DELETE, MERGE, WITH, SELECT; the same rows whenever it runs
    rows,       // the inside of a PL/pgSQL loop; likewise
    query,      // one SELECT, VALUES or WITH that reads
    expression, // one value; likewise
};

// The SQL type of each :name that a statement may use, "uuid", "text[]".
using SqlNames = std::map<std::string, std::string, std::less<>>;

struct CheckedSql {
    BoundSql sql; // without comments around it, and without the last semicolon
    std::vector<SqlFault> faults;
};

// Places count from `begin`.
[[nodiscard]] CheckedSql check_sql(std::string_view text, SqlUse use, const SqlNames& names,
                                   TextPlace begin = {1, 1});

} // namespace sealstream
