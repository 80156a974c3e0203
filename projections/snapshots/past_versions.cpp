#include "projections/snapshots/past_versions.hpp"

namespace sealstream {

namespace {

constexpr const char* insert_past =
    "INSERT INTO sealstream.past_versions (ledger, name, version, position, base_position, is_kept)"
    " VALUES ($1, $2, $3, $4, $5, $6)";
constexpr const char* set_complete =
    "UPDATE sealstream.past_versions SET is_complete = true, used_at = clock_timestamp()"
    " WHERE ledger = $1 AND name = $2 AND version = $3";

constexpr const char* use_past =
    "UPDATE sealstream.past_versions AS h SET used_at = clock_timestamp()"
    " FROM sealstream.projections AS p, sealstream.projections AS a"
    " WHERE h.ledger = $1 AND h.name = $2 AND h.position = $3 AND h.is_complete"
    " AND p.ledger = h.ledger AND p.name = h.name AND p.version = h.version AND p.state = 'past'"
    " AND a.ledger = h.ledger AND a.name = h.name AND a.state = 'active'"
    " AND a.fold_digest = p.fold_digest AND a.incarnation = p.incarnation"
    " AND NOT sealstream.may_hold_forgotten(p.ledger, p.definition, 0, h.made_at)"
    " RETURNING h.name, h.version, p.schema_name, h.position, h.base_position";

// One key for each version, and one for each position that is being made.
constexpr const char* lock_version =
    "SELECT pg_try_advisory_xact_lock(hashtextextended("
    "'sealstream past ' || $1 || ' ' || $2 || ' version ' || $3, 0))";
constexpr const char* lock_version_for_session =
    "SELECT pg_try_advisory_lock_shared(hashtextextended("
    "'sealstream past ' || $1 || ' ' || $2 || ' version ' || $3, 0))";
constexpr const char* share_version =
    "SELECT pg_try_advisory_xact_lock_shared(hashtextextended("
    "'sealstream past ' || $1 || ' ' || $2 || ' version ' || $3, 0))";
constexpr const char* lock_position =
    "SELECT pg_try_advisory_lock(hashtextextended("
    "'sealstream past ' || $1 || ' ' || $2 || ' position ' || $3, 0))";

constexpr const char* is_there = "SELECT pg_catalog.to_regnamespace($1) IS NOT NULL";

constexpr const char* select_schema = "SELECT schema_name FROM sealstream.projections"
                                      " WHERE ledger = $1 AND name = $2 AND version = $3"
                                      " AND state = 'past'";
constexpr const char* delete_version = "DELETE FROM sealstream.projections"
                                       " WHERE ledger = $1 AND name = $2 AND version = $3"
                                       " AND state = 'past'";

constexpr const char* select_evicted =
    "SELECT name, version FROM (SELECT name, version, is_complete, used_at,"
    "  row_number() OVER (ORDER BY is_complete DESC, used_at DESC) AS place"
    "  FROM sealstream.past_versions WHERE ledger = $1 AND NOT is_kept) AS h"
    " WHERE NOT is_complete OR place > $2::bigint"
    " OR used_at < clock_timestamp() - make_interval(secs => $3::double precision)"
    " UNION ALL SELECT name, version FROM sealstream.past_versions"
    "  WHERE ledger = $1 AND is_kept AND NOT is_complete";

constexpr const char* select_kept =
    "SELECT h.name, h.version, p.schema_name, h.position, h.base_position"
    " FROM sealstream.past_versions AS h JOIN sealstream.projections AS p"
    " USING (ledger, name, version)"
    " WHERE h.ledger = $1 AND h.is_kept AND p.state = 'past' ORDER BY h.name, h.version";

PastVersion past_in(const SqlResult& rows, std::size_t row)
{
    return {std::string{rows.text(row, 0)}, static_cast<int>(rows.integer(row, 1)),
            std::string{rows.text(row, 2)},
            Position{static_cast<std::uint64_t>(rows.integer(row, 3))},
            Position{static_cast<std::uint64_t>(rows.integer(row, 4))}};
}

} // namespace

Result<void> begin_past(Connection& connection, Connection& holder, const std::string& ledger,
                        const ProjectionVersion& version, Position at, bool is_kept)
{
    const std::string number = std::to_string(version.version);
    SEAL_TRY(inserted,
             connection.run(insert_past,
                            {ledger, version.name, number, std::to_string(at.value),
                             std::to_string(version.cursor.value), is_kept ? "true" : "false"}));
    SEAL_TRY(held, holder.run(lock_version_for_session, {ledger, version.name, number}));
    if (!held.boolean(0, 0)) {
        return Error{Errc::conflict, "somebody drops a version that is being made"};
    }
    return {};
}

Result<void> complete_past(Connection& connection, const std::string& ledger,
                           const ProjectionVersion& version)
{
    SEAL_TRY(set,
             connection.run(set_complete, {ledger, version.name, std::to_string(version.version)}));
    if (set.rows_affected() != 1) {
        return Error{Errc::conflict, "the version was dropped while it was made"};
    }
    return {};
}

Result<std::optional<PastVersion>> find_past(Connection& connection, const std::string& ledger,
                                             const std::string& projection, Position position)
{
    SEAL_TRY(found, connection.run(use_past, {ledger, projection, std::to_string(position.value)}));
    return found.rows() == 0 ? std::optional<PastVersion>{} : std::optional{past_in(found, 0)};
}

Result<bool> try_make_past(Connection& connection, const std::string& ledger,
                           const std::string& projection, Position position)
{
    SEAL_TRY(taken,
             connection.run(lock_position, {ledger, projection, std::to_string(position.value)}));
    return taken.boolean(0, 0);
}

Result<bool> hold_past(Connection& connection, const std::string& ledger, const PastVersion& past)
{
    SEAL_TRY(held, connection.run(share_version,
                                  {ledger, past.projection, std::to_string(past.version)}));
    if (!held.boolean(0, 0)) {
        return false;
    }
    SEAL_TRY(found, connection.run(is_there, {sql_name(past.schema_name)}));
    return found.boolean(0, 0);
}

Result<bool> try_move_past(Connection& connection, const std::string& ledger,
                           const std::string& projection, int version)
{
    SEAL_TRY(locked, connection.run(lock_version, {ledger, projection, std::to_string(version)}));
    return locked.boolean(0, 0);
}

Result<bool> drop_past(Connection& connection, const std::string& ledger,
                       const std::string& projection, int version)
{
    const SqlValues key{ledger, projection, std::to_string(version)};
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(is_free, try_move_past(connection, ledger, projection, version));
    if (!is_free) {
        return false;
    }
    SEAL_TRY(schema, connection.run(select_schema, key));
    if (schema.rows() != 0) {
        SEAL_TRY_VOID(connection.run_script("DROP SCHEMA IF EXISTS " + sql_name(schema.text(0, 0)) +
                                            " CASCADE"));
        SEAL_TRY(deleted, connection.run(delete_version, key));
    }
    SEAL_TRY_VOID(transaction.commit());
    return true;
}

Result<std::size_t> evict_past(Connection& connection, const std::string& ledger,
                               std::size_t states_max, std::chrono::seconds unused)
{
    SEAL_TRY(rows, connection.run(select_evicted, {ledger, std::to_string(states_max),
                                                   std::to_string(unused.count())}));
    std::size_t evicted = 0;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        SEAL_TRY(is_dropped, drop_past(connection, ledger, std::string{rows.text(row, 0)},
                                       static_cast<int>(rows.integer(row, 1))));
        evicted += is_dropped ? 1 : 0;
    }
    return evicted;
}

Result<std::vector<PastVersion>> read_kept_past(Connection& connection, const std::string& ledger)
{
    SEAL_TRY(rows, connection.run(select_kept, {ledger}));
    std::vector<PastVersion> kept;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        kept.push_back(past_in(rows, row));
    }
    return kept;
}

} // namespace sealstream
