#include "projections/snapshots/table_copies.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr const char* select_columns =
    "SELECT c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),"
    "  t.typnamespace <> 'pg_catalog'::regnamespace, a.attgenerated <> ''"
    " FROM pg_catalog.pg_class AS c"
    " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
    " JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0"
    "  AND NOT a.attisdropped"
    " JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid"
    " WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
    " ORDER BY c.relname COLLATE \"C\", a.attnum";

constexpr const char* select_references =
    "SELECT DISTINCT child.relname, parent.relname FROM pg_catalog.pg_constraint AS k"
    " JOIN pg_catalog.pg_class AS child ON child.oid = k.conrelid"
    " JOIN pg_catalog.pg_class AS parent ON parent.oid = k.confrelid"
    " JOIN pg_catalog.pg_namespace AS n ON n.oid = child.relnamespace"
    " WHERE k.contype = 'f' AND n.nspname = $1 AND parent.relnamespace = n.oid";

constexpr const char* select_sequences =
    "SELECT relname FROM pg_catalog.pg_class AS c"
    " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname = $1 AND relkind = 'S' ORDER BY relname COLLATE \"C\"";

std::string full_name(const std::string& schema, const std::string& table)
{
    return sql_name(schema) + "." + sql_name(table);
}

std::string literal(std::string_view text)
{
    std::string quoted{"'"};
    for (const char letter : text) {
        quoted.append(letter == '\'' ? 2 : 1, letter);
    }
    return quoted + "'";
}

std::string copy_in(const CopiedTable& table, const std::string& from, const std::string& to)
{
    std::string names;
    std::string values;
    for (const CopiedColumn& column : table.columns) {
        if (column.is_generated) {
            continue;
        }
        const std::string comma = names.empty() ? "" : ", ";
        const std::string name = sql_name(column.name);
        names += comma + name;
        values += comma + (column.is_own ? "CAST(" + name + " AS " + column.type + ")" : name);
    }
    if (names.empty()) {
        return "";
    }
    return "INSERT INTO " + full_name(to, table.name) + " (" + names +
           ") OVERRIDING SYSTEM VALUE SELECT " + values + " FROM " + full_name(from, table.name) +
           ";";
}

} // namespace

Result<std::vector<CopiedTable>> read_layout(Connection& connection, const std::string& schema_name)
{
    SEAL_TRY(columns, connection.run(select_columns, {schema_name}));
    SEAL_TRY(references, connection.run(select_references, {schema_name}));
    std::vector<CopiedTable> tables;
    std::vector<std::string> names;
    for (std::size_t row = 0; row < columns.rows(); ++row) {
        const std::string table{columns.text(row, 0)};
        if (tables.empty() || tables.back().name != table) {
            tables.push_back({table, {}});
            names.push_back(table);
        }
        tables.back().columns.push_back({std::string{columns.text(row, 1)},
                                         std::string{columns.text(row, 2)}, columns.boolean(row, 3),
                                         columns.boolean(row, 4)});
    }
    std::vector<std::pair<std::string, std::string>> child_and_parent;
    for (std::size_t row = 0; row < references.rows(); ++row) {
        child_and_parent.emplace_back(references.text(row, 0), references.text(row, 1));
    }
    SEAL_TRY(order, order_tables(names, child_and_parent));
    std::vector<CopiedTable> ordered;
    for (const std::string& name : order) {
        ordered.push_back(*std::find_if(tables.begin(), tables.end(),
                                        [&name](const auto& one) { return one.name == name; }));
    }
    return ordered;
}

Result<std::vector<SequenceState>> read_sequences(Connection& connection,
                                                  const std::string& schema_name)
{
    SEAL_TRY(found, connection.run(select_sequences, {schema_name}));
    std::vector<SequenceState> sequences;
    for (std::size_t row = 0; row < found.rows(); ++row) {
        const std::string name{found.text(row, 0)};
        SEAL_TRY(state, connection.run("SELECT last_value, is_called FROM " +
                                       full_name(schema_name, name)));
        sequences.push_back({name, state.integer(0, 0), state.boolean(0, 1)});
    }
    return sequences;
}

std::string copy_out(const CopiedTable& table, const std::string& from, const std::string& to)
{
    std::string values;
    for (const CopiedColumn& column : table.columns) {
        const std::string name = sql_name(column.name);
        values += (values.empty() ? "" : ", ") + name +
                  (column.is_own ? "::pg_catalog.text AS " + name : "");
    }
    return "CREATE TABLE " + full_name(to, table.name) + " AS SELECT " + values + " FROM " +
           full_name(from, table.name) + ";";
}

std::string copy_in_all(const std::vector<CopiedTable>& tables,
                        const std::vector<SequenceState>& sequences, const std::string& from,
                        const std::string& to)
{
    std::string script;
    for (auto table = tables.rbegin(); table != tables.rend(); ++table) {
        const std::string name = full_name(to, table->name);
        script += "ALTER TABLE " + name + " DISABLE TRIGGER USER; DELETE FROM " + name + ";";
    }
    for (const CopiedTable& table : tables) {
        script += copy_in(table, from, to);
    }
    for (const CopiedTable& table : tables) {
        script += "ALTER TABLE " + full_name(to, table.name) + " ENABLE TRIGGER USER;";
    }
    for (const SequenceState& sequence : sequences) {
        script += "SELECT pg_catalog.setval(" + literal(full_name(to, sequence.name)) + ", " +
                  std::to_string(sequence.last_value) + ", " +
                  (sequence.is_called ? "true" : "false") + ");";
    }
    return script;
}

} // namespace sealstream
