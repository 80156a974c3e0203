#include "projections/snapshots/snapshot_store.hpp"

#include "projections/apart/roles.hpp"
#include "projections/snapshots/snapshot_rows.hpp"
#include "projections/snapshots/table_copies.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::size_t bases_max = 20; // looked at, nearest first, before folding from the beginning

constexpr const char* select_active_version =
    "SELECT version, cursor, schema_name, fold_digest, incarnation,"
    "  array_to_string(skipped_types, chr(31)), array_to_string(schema_versions, chr(31)),"
    "  coalesce(to_char(folded_to AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), ''),"
    "  coalesce(definition->>'pack', ''),"
    "  EXISTS (SELECT FROM sealstream.parked_streams AS k WHERE k.ledger = p.ledger"
    "   AND k.name = p.name AND k.version = p.version),"
    "  EXISTS (SELECT FROM sealstream.foreign_writes AS w WHERE w.ledger = p.ledger"
    "   AND w.name = p.name AND w.version = p.version)"
    " FROM sealstream.projections AS p WHERE ledger = $1 AND name = $2 AND state = 'active'";

constexpr const char* select_same =
    " FROM sealstream.projection_snapshots AS s WHERE ledger = $1 AND name = $2 AND position = $3"
    " AND version = $4 AND fold_digest = $5 AND incarnation = $6 AND refused IS NULL"
    " AND NOT sealstream.may_hold_forgotten(s.ledger, (SELECT definition FROM"
    "  sealstream.projections AS p WHERE p.ledger = s.ledger AND p.name = s.name"
    "  AND p.fold_digest = s.fold_digest LIMIT 1), s.position, '-infinity')"
    " LIMIT 1";

constexpr const char* select_bases =
    " FROM sealstream.projection_snapshots AS s WHERE ledger = $1 AND name = $2"
    " AND fold_digest = $3 AND incarnation = $4 AND position <= $5 AND refused IS NULL"
    " AND NOT sealstream.may_hold_forgotten(s.ledger, (SELECT definition FROM"
    "  sealstream.projections AS p WHERE p.ledger = s.ledger AND p.name = s.name"
    "  AND p.fold_digest = s.fold_digest LIMIT 1), s.position, '-infinity')"
    " ORDER BY position DESC, number DESC LIMIT $6";

constexpr const char* next_number = "SELECT nextval('sealstream.snapshot_numbers')";

constexpr const char* size_of =
    "SELECT coalesce(sum(pg_catalog.pg_total_relation_size(c.oid)), 0)"
    " FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname = $1 AND c.relkind = 'r'";

constexpr const char* move_copied_cursor =
    "UPDATE sealstream.projections SET cursor = $4, skipped_types = $5::text[],"
    "  schema_versions = $6::text[], folded_to = nullif($7, '')::timestamptz"
    " WHERE ledger = $1 AND name = $2 AND version = $3";

constexpr const char* refuse =
    "UPDATE sealstream.projection_snapshots SET refused = $4, refused_at = clock_timestamp()"
    " WHERE ledger = $1 AND name = $2 AND number = $3 AND refused IS NULL";

// Why the tables of the active version must not be copied; empty: they may.
std::string doubt(const SqlResult& active)
{
    if (active.integer(0, 1) == 0) {
        return "nothing is folded yet";
    }
    if (active.boolean(0, 9)) {
        return "streams are parked: mend what they need and let them be folded again, then take it";
    }
    if (active.boolean(0, 10)) {
        return "others than the projector wrote into its tables: rebuild it, then take one";
    }
    return "";
}

Snapshot described(const SqlResult& active, const std::string& projection)
{
    Snapshot snapshot;
    snapshot.name = projection;
    snapshot.version = static_cast<int>(active.integer(0, 0));
    snapshot.position = Position{static_cast<std::uint64_t>(active.integer(0, 1))};
    snapshot.fold_digest = active.text(0, 3);
    snapshot.incarnation = active.text(0, 4);
    snapshot.skipped_types = parts_in(active.text(0, 5));
    snapshot.schema_versions = parts_in(active.text(0, 6));
    snapshot.folded_to = active.text(0, 7);
    return snapshot;
}

// Whoever makes the tables of a pack reads what they are to begin with.
std::string let_read(const std::string& schema, const std::string& role)
{
    return "GRANT USAGE ON SCHEMA " + sql_name(schema) + " TO " + sql_name(role) +
           "; GRANT SELECT ON ALL TABLES IN SCHEMA " + sql_name(schema) + " TO " + sql_name(role);
}

Result<void> copy_tables(Connection& connection, const std::string& ledger, const std::string& from,
                         const std::string& pack, Snapshot& snapshot)
{
    SEAL_TRY(layout, read_layout(connection, from));
    SEAL_TRY_VOID(connection.run_script("CREATE SCHEMA " + sql_name(snapshot.schema_name)));
    for (const CopiedTable& table : layout) {
        SEAL_TRY_VOID(connection.run_script(copy_out(table, from, snapshot.schema_name)));
    }
    SEAL_TRY(sequences, read_sequences(connection, from));
    snapshot.sequences = std::move(sequences);
    if (!pack.empty()) {
        SEAL_TRY_VOID(
            connection.run_script(let_read(snapshot.schema_name, apart_roles(ledger, pack).owner)));
    }
    SEAL_TRY(digests, digest_tables(connection, snapshot.schema_name));
    snapshot.tables = std::move(digests);
    SEAL_TRY(size, connection.run(size_of, {snapshot.schema_name}));
    snapshot.bytes = static_cast<std::uint64_t>(size.integer(0, 0));
    return {};
}

std::string key_of(const Snapshot& snapshot)
{
    return "snapshot " + std::to_string(snapshot.number) + " of " + snapshot.name +
           " at position " + std::to_string(snapshot.position.value);
}

// What has gone wrong inside the tables is the snapshot's fault, all else is not.
Error load_error(Connection& connection, const Snapshot& snapshot, Error error)
{
    const std::string state = connection.last_sqlstate().substr(0, 2);
    const bool is_its_own = state == "22" || state == "23" || state == "42" || state == "3F";
    if (is_its_own && !connection.is_broken()) {
        error.code = Errc::corrupt;
    }
    return with_context(std::move(error), key_of(snapshot));
}

Result<void> fill_tables(Connection& connection, const std::string& ledger,
                         const Projection& projection, const Snapshot& snapshot,
                         const ProjectionVersion& version)
{
    SEAL_TRY(layout, read_layout(connection, version.schema_name));
    const std::string script =
        copy_in_all(layout, snapshot.sequences, snapshot.schema_name, version.schema_name);
    const auto filled = projection.is_apart()
                            ? make_as_owner(connection, apart_roles(ledger, projection.pack),
                                            version.schema_name, script)
                            : connection.run_script(script);
    if (!filled) {
        return load_error(connection, snapshot, filled.error());
    }
    return {};
}

} // namespace

Result<Snapshot> take_snapshot(Connection& connection, const std::string& ledger,
                               const std::string& projection, std::chrono::milliseconds time_max)
{
    const auto begun = std::chrono::steady_clock::now();
    SEAL_TRY(is_held, try_hold_versions(connection, ledger, projection));
    if (!is_held) {
        return Error{Errc::conflict, "the versions of " + projection + " are being swapped"};
    }
    SEAL_TRY_VOID(connection.run_script("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ;"
                                        "SET LOCAL search_path = pg_catalog, pg_temp;"
                                        "SET LOCAL statement_timeout = " +
                                        std::to_string(time_max.count()) + ";" +
                                        digest_settings()));
    SEAL_TRY(active, connection.run(select_active_version, {ledger, projection}));
    if (active.rows() == 0) {
        return Error{Errc::not_found, "projection " + projection};
    }
    if (const std::string why = doubt(active); !why.empty()) {
        return Error{Errc::refused, why};
    }
    Snapshot snapshot = described(active, projection);
    SEAL_TRY(same, connection.run(std::string{"SELECT "} + snapshot_columns + select_same,
                                  {ledger, projection, std::to_string(snapshot.position.value),
                                   std::to_string(snapshot.version), snapshot.fold_digest,
                                   snapshot.incarnation}));
    if (same.rows() != 0) {
        return snapshot_in(same, 0);
    }
    SEAL_TRY(number, connection.run(next_number));
    snapshot.number = static_cast<int>(number.integer(0, 0));
    snapshot.schema_name = snapshot_schema_name(ledger, projection, snapshot.number);
    SEAL_TRY_VOID(copy_tables(connection, ledger, std::string{active.text(0, 2)},
                              std::string{active.text(0, 8)}, snapshot));
    snapshot.seal = seal_of(ledger, snapshot);
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begun);
    SEAL_TRY_VOID(insert_snapshot(connection, ledger, snapshot, took));
    SEAL_TRY_VOID(connection.commit());
    return snapshot;
}

Result<std::vector<Snapshot>> find_bases(Connection& connection, const std::string& ledger,
                                         const Projection& projection,
                                         const std::string& incarnation, Position up_to)
{
    SEAL_TRY(rows, connection.run(std::string{"SELECT "} + snapshot_columns + select_bases,
                                  {ledger, projection.name, projection.digest(), incarnation,
                                   std::to_string(up_to.value), std::to_string(bases_max)}));
    std::vector<Snapshot> bases;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        bases.push_back(snapshot_in(rows, row));
    }
    return bases;
}

Result<void> load_snapshot(Connection& connection, const std::string& ledger,
                           const Projection& projection, const Snapshot& snapshot,
                           std::chrono::milliseconds time_max, ProjectionVersion& version)
{
    const std::string limit = "SET LOCAL statement_timeout = " + std::to_string(time_max.count());
    if (seal_of(ledger, snapshot) != snapshot.seal) {
        return Error{Errc::corrupt, key_of(snapshot) + ": its row is not what was sealed"};
    }
    SEAL_TRY_VOID(connection.run_script(limit));
    SEAL_TRY_VOID(fill_tables(connection, ledger, projection, snapshot, version));
    SEAL_TRY_VOID(connection.run_script(digest_settings() +
                                        ("SET LOCAL search_path = pg_catalog, pg_temp;" + limit)));
    SEAL_TRY(loaded, digest_tables(connection, version.schema_name));
    for (const TableDigest& table : snapshot.tables) {
        if (std::find(loaded.begin(), loaded.end(), table) == loaded.end()) {
            return Error{Errc::corrupt, key_of(snapshot) + ": the rows of table " + table.table +
                                            " are not what was sealed"};
        }
    }
    if (loaded.size() != snapshot.tables.size()) {
        return Error{Errc::corrupt, key_of(snapshot) + ": it has not all tables"};
    }
    version.cursor = snapshot.position;
    version.skipped_types = snapshot.skipped_types;
    version.schema_versions = snapshot.schema_versions;
    SEAL_TRY(moved,
             connection.run(move_copied_cursor,
                            {ledger, version.name, std::to_string(version.version),
                             std::to_string(version.cursor.value), sql_array(version.skipped_types),
                             sql_array(version.schema_versions), snapshot.folded_to}));
    return {};
}

Result<bool> refuse_snapshot(Connection& connection, const std::string& ledger,
                             const Snapshot& snapshot, const std::string& reason)
{
    SEAL_TRY(refused, connection.run(refuse, {ledger, snapshot.name,
                                              std::to_string(snapshot.number), reason}));
    return refused.rows_affected() != 0;
}

} // namespace sealstream
