#include "projections/versions.hpp"

#include "projections/apart/roles.hpp"

namespace sealstream {

namespace {

constexpr const char* select_tables =
    "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
    " WHERE nspname = $1 AND relkind IN ('r', 'p') AND NOT relispartition"
    " ORDER BY relname COLLATE \"C\"";

// Sums do not depend on the order; two independent halves of 64 bits each make chance no
// explanation.
std::string digest_statement(const std::string& table)
{
    return "SELECT count(*), coalesce(sum(('x' || substr(h, 1, 16))::bit(64)::bigint::numeric), 0),"
           " coalesce(sum(('x' || substr(h, 17, 16))::bit(64)::bigint::numeric), 0) FROM"
           " (SELECT encode(sha256(convert_to((stored_row.*)::text, 'UTF8')), 'hex') AS h FROM " +
           table + " AS stored_row) AS hashed";
}

constexpr const char* retire =
    "UPDATE sealstream.projections SET state = 'retired', schema_name = $4,"
    " changed_at = clock_timestamp()"
    " WHERE ledger = $1 AND name = $2 AND version = $3";
constexpr const char* activate =
    "UPDATE sealstream.projections SET state = 'active', schema_name = $4,"
    " changed_at = clock_timestamp() WHERE ledger = $1 AND name = $2 AND version = $3";

constexpr const char* select_retired =
    "SELECT version, schema_name FROM sealstream.projections"
    " WHERE ledger = $1 AND name = $2 AND state = 'retired' ORDER BY version DESC LIMIT 1"
    " FOR UPDATE";

constexpr const char* select_schemas =
    "SELECT schema_name FROM sealstream.projections"
    " WHERE ledger = $1 AND name = $2 AND state = ANY ($3::text[]) FOR UPDATE";
constexpr const char* delete_versions =
    "DELETE FROM sealstream.projections"
    " WHERE ledger = $1 AND name = $2 AND state = ANY ($3::text[])";

constexpr const char* delete_retired =
    "DELETE FROM sealstream.projections"
    " WHERE ledger = $1 AND name = $2 AND version = $3 AND state = 'retired' RETURNING schema_name";
constexpr const char* drop_settings =
    "SET LOCAL lock_timeout = '5s'"; // whoever reads it now may end; it is dropped the next time

constexpr const char* try_lock_version =
    "SELECT pg_try_advisory_lock(hashtextextended('sealstream rebuild ' || $1 || ' ' || $2, 0))";

constexpr const char* hold_versions =
    "SELECT pg_try_advisory_lock_shared("
    "hashtextextended('sealstream versions ' || $1 || ' ' || $2, 0))";
constexpr const char* move_versions =
    "SELECT pg_try_advisory_xact_lock("
    "hashtextextended('sealstream versions ' || $1 || ' ' || $2, 0))";

// Long statements: their time depends on the size of the data.
constexpr const char* without_timeout = "SET LOCAL statement_timeout = 0";

Result<void> rename_schema(Connection& connection, const std::string& from, const std::string& to)
{
    return connection.run_script("ALTER SCHEMA " + sql_name(from) + " RENAME TO " + sql_name(to));
}

// Inside the caller's transaction.
Result<void> drop_in_states(Connection& connection, const std::string& ledger,
                            const std::string& projection, const std::vector<std::string>& states)
{
    const SqlValues which{ledger, projection, sql_array(states)};
    SEAL_TRY(schemas, connection.run(select_schemas, which));
    for (std::size_t row = 0; row < schemas.rows(); ++row) {
        const auto dropped = connection.run_script("DROP SCHEMA IF EXISTS " +
                                                   sql_name(schemas.text(row, 0)) + " CASCADE");
        if (!dropped) {
            return dropped.error();
        }
    }
    SEAL_TRY(deleted, connection.run(delete_versions, which));
    return {};
}

Result<void> drop_committed(Connection& connection, const std::string& ledger,
                            const std::string& projection, const std::vector<std::string>& states)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    const auto dropped = drop_in_states(connection, ledger, projection, states);
    if (!dropped) {
        return dropped;
    }
    return transaction.commit();
}

} // namespace

Result<std::vector<TableDigest>> digest_tables(Connection& connection,
                                               const std::string& schema_name)
{
    SEAL_TRY(tables, connection.run(select_tables, {schema_name}));
    std::vector<TableDigest> digests;
    for (std::size_t row = 0; row < tables.rows(); ++row) {
        const std::string table{tables.text(row, 0)};
        SEAL_TRY(answer,
                 connection.run(digest_statement(sql_name(schema_name) + "." + sql_name(table))));
        digests.push_back({table, static_cast<std::uint64_t>(answer.integer(0, 0)),
                           std::string{answer.text(0, 1)} + ":" + std::string{answer.text(0, 2)}});
    }
    return digests;
}

const char* digest_settings() noexcept
{
    return "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, MDY';"
           "SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 1;"
           "SET LOCAL bytea_output = 'hex';";
}

Result<bool> try_hold_versions(Connection& connection, const std::string& ledger,
                               const std::string& projection)
{
    SEAL_TRY(held, connection.run(hold_versions, {ledger, projection}));
    return held.boolean(0, 0);
}

Result<bool> try_move_versions(Connection& connection, const std::string& ledger,
                               const std::string& projection)
{
    SEAL_TRY(moving, connection.run(move_versions, {ledger, projection}));
    return moving.boolean(0, 0);
}

Result<void> swap_versions(Connection& connection, const std::string& ledger,
                           const ProjectionVersion* active, const ProjectionVersion& building)
{
    const std::string live = active_schema_name(ledger, building.name);
    if (active != nullptr) {
        const auto dropped = drop_in_states(connection, ledger, building.name, {"retired"});
        if (!dropped) {
            return dropped;
        }
        const std::string kept = other_schema_name(ledger, active->name, active->version);
        const auto renamed = rename_schema(connection, live, kept);
        if (!renamed) {
            return renamed;
        }
        SEAL_TRY(retired, connection.run(retire, {ledger, active->name,
                                                  std::to_string(active->version), kept}));
    }
    const auto renamed = rename_schema(connection, building.schema_name, live);
    if (!renamed) {
        return renamed;
    }
    SEAL_TRY(activated, connection.run(activate, {ledger, building.name,
                                                  std::to_string(building.version), live}));
    return {};
}

Result<void> roll_back_version(Connection& connection, const std::string& ledger,
                               const std::string& projection)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(is_free, try_move_versions(connection, ledger, projection));
    if (!is_free) {
        return Error{Errc::conflict, "a snapshot of " + projection + " is being taken"};
    }
    SEAL_TRY(active, read_active(connection, ledger, projection, true));
    SEAL_TRY(kept, connection.run(select_retired, {ledger, projection}));
    if (kept.rows() == 0) {
        return Error{Errc::conflict, "no version of " + projection + " was kept"};
    }
    const std::string live = active.schema_name;
    const std::string aside = other_schema_name(ledger, projection, active.version);
    SEAL_TRY_VOID(rename_schema(connection, live, aside));
    SEAL_TRY_VOID(rename_schema(connection, std::string{kept.text(0, 1)}, live));
    SEAL_TRY(retired,
             connection.run(retire, {ledger, projection, std::to_string(active.version), aside}));
    SEAL_TRY(activated,
             connection.run(activate, {ledger, projection, std::string{kept.text(0, 0)}, live}));
    return transaction.commit();
}

Result<bool> try_own_rebuild(Connection& connection, const std::string& ledger,
                             const std::string& projection)
{
    SEAL_TRY(taken, connection.run(try_lock_version, {ledger, projection}));
    return taken.boolean(0, 0);
}

Result<bool> drop_retired(Connection& connection, const std::string& ledger,
                          const std::string& projection, int version)
{
    const std::string number = std::to_string(version);
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY_VOID(connection.run_script(drop_settings));
    SEAL_TRY(may_move, try_move_versions(connection, ledger, projection));
    if (!may_move) {
        return false;
    }
    SEAL_TRY(deleted, connection.run(delete_retired, {ledger, projection, number}));
    if (deleted.rows() == 0) {
        return false;
    }
    SEAL_TRY_VOID(connection.run_script("DROP SCHEMA IF EXISTS " + sql_name(deleted.text(0, 0)) +
                                        " CASCADE"));
    SEAL_TRY_VOID(transaction.commit());
    return true;
}

Result<void> drop_building(Connection& connection, const std::string& ledger,
                           const std::string& projection)
{
    return drop_committed(connection, ledger, projection, {"building"});
}

Result<void> drop_projection(Connection& connection, const std::string& ledger,
                             const std::string& projection)
{
    return drop_committed(connection, ledger, projection,
                          {"active", "building", "retired", "past"});
}

Result<void> make_indexes(Connection& connection, const std::string& ledger,
                          const Projection& projection, const ProjectionVersion& version)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(unlimited, connection.run(without_timeout));
    const std::string path = "SET LOCAL search_path = " + sql_name(version.schema_name);
    SEAL_TRY_VOID(connection.run_script("SET LOCAL maintenance_work_mem = '256MB';" + path));
    const auto made = projection.is_apart()
                          ? make_as_owner(connection, apart_roles(ledger, projection.pack),
                                          version.schema_name, projection.indexes_sql)
                          : connection.run_script(projection.indexes_sql);
    if (!made) {
        return with_context(made.error(), "making the indexes of " + version.schema_name);
    }
    SEAL_TRY_VOID(connection.run_script(path));
    SEAL_TRY(tables, connection.run(select_tables, {version.schema_name}));
    for (std::size_t row = 0; row < tables.rows(); ++row) {
        const auto analyzed = connection.run_script("ANALYZE " + sql_name(tables.text(row, 0)));
        if (!analyzed) {
            return analyzed;
        }
    }
    return transaction.commit();
}

} // namespace sealstream
