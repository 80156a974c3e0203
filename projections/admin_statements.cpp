#include "projections/admin_statements.hpp"

#include "projections/snapshots/snapshot_statements.hpp"

#include <algorithm>

namespace sealstream {

namespace {

// Whether a session holds the projector's advisory lock on it (cursor_store.cpp): that of a
// projector that is gone is free at once.
constexpr const char* select_version_states =
    "SELECT p.name, p.version, p.state, p.cursor, p.halt_code, p.halted, p.paused_at IS NOT NULL,"
    "  coalesce(p.definition->>'pack', ''),"
    "  EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE l.locktype = 'advisory' AND l.granted"
    "   AND l.objsubid = 1 AND l.database = (SELECT oid FROM pg_catalog.pg_database"
    "    WHERE datname = pg_catalog.current_database())"
    "   AND ((l.classid::bigint << 32) | l.objid::bigint) = pg_catalog.hashtextextended("
    "    'sealstream projector ' || p.ledger || ' ' || p.name, 0)),"
    "  (SELECT count(*) FROM sealstream.parked_streams AS s WHERE s.ledger = p.ledger"
    "   AND s.name = p.name AND s.version = p.version),"
    "  (SELECT coalesce(sum(s.events), 0) FROM sealstream.parked_streams AS s"
    "   WHERE s.ledger = p.ledger AND s.name = p.name AND s.version = p.version),"
    "  (SELECT count(*) FROM sealstream.foreign_writes AS w WHERE w.ledger = p.ledger"
    "   AND w.name = p.name AND w.version = p.version)"
    " FROM sealstream.projections AS p WHERE p.ledger = $1 AND p.state <> 'past'"
    " ORDER BY p.name, (p.state = 'active') DESC, p.version DESC";

constexpr const char* select_faults =
    "SELECT name, code, reason FROM sealstream.projection_faults AS f WHERE ledger = $1"
    " AND NOT EXISTS (SELECT FROM sealstream.projections AS p WHERE p.ledger = f.ledger"
    "  AND p.name = f.name AND p.state = 'active') ORDER BY name";

constexpr const char* select_rebuilds =
    "SELECT name, state, stage, coalesce(version, 0), folded, head,"
    "  CASE WHEN folded > from_position AND changed_at > started_at THEN (folded - from_position)"
    "   / extract(epoch FROM changed_at - started_at) END,"
    "  is_equal, array_to_string(different_tables, ' '), swap_us, reason"
    " FROM sealstream.projection_rebuilds WHERE ledger = $1";

constexpr const char* select_parked =
    "SELECT stream_type, stream_id, first_position, events, sqlstate, reason, tries,"
    "  retry_asked IS NOT NULL,"
    "  to_char(parked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    " FROM sealstream.parked_streams AS s WHERE ledger = $1 AND name = $2 AND version ="
    "  (SELECT version FROM sealstream.projections AS p WHERE p.ledger = s.ledger"
    "   AND p.name = s.name AND p.state = 'active')"
    " ORDER BY parked_at, first_position LIMIT 1000";

constexpr const char* select_foreign =
    "SELECT table_name, operation, written_by,"
    "  to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
    "  coalesce(rows, 'null')"
    " FROM sealstream.foreign_writes AS w WHERE ledger = $1 AND name = $2 AND version ="
    "  (SELECT version FROM sealstream.projections AS p WHERE p.ledger = w.ledger"
    "   AND p.name = w.name AND p.state = 'active')"
    " ORDER BY number DESC LIMIT 100";

constexpr const char* is_known =
    "SELECT FROM sealstream.projections WHERE ledger = $1 AND name = $2"
    " UNION ALL SELECT FROM sealstream.projection_faults WHERE ledger = $1 AND name = $2";

constexpr const char* insert_rebuild =
    "INSERT INTO sealstream.projection_rebuilds (ledger, name, state, wish, swaps, is_forced,"
    "  events_per_second) VALUES ($1, $2, 'waiting', 'run', $3, false, $4)"
    " ON CONFLICT (ledger, name) DO UPDATE SET state = 'waiting', wish = 'run',"
    "  swaps = excluded.swaps, is_forced = false, events_per_second = excluded.events_per_second,"
    "  fold_digest = '', version = NULL, stage = 'waiting', from_position = 0, folded = 0,"
    "  head = 0, is_equal = NULL, different_tables = '{}', swap_us = NULL, held_us = NULL,"
    "  reason = '', asked_at = clock_timestamp(), started_at = NULL,"
    "  changed_at = clock_timestamp()"
    " WHERE projection_rebuilds.state IN ('done', 'failed', 'cancelled')";

constexpr const char* set_wish =
    "UPDATE sealstream.projection_rebuilds SET wish = $3, changed_at = clock_timestamp()"
    " WHERE ledger = $1 AND name = $2 AND state = ANY ($4::text[])";

std::optional<double> number(const SqlResult& rows, std::size_t row, std::size_t column)
{
    return rows.is_null(row, column)
               ? std::nullopt
               : std::optional{std::stod(std::string{rows.text(row, column)})};
}

Position position(const SqlResult& rows, std::size_t row, std::size_t column)
{
    return Position{static_cast<std::uint64_t>(rows.integer(row, column))};
}

std::vector<std::string> words(std::string_view text)
{
    std::vector<std::string> all;
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        all.emplace_back(word);
        text.remove_prefix(std::min(word.size() + 1, text.size()));
    }
    return all;
}

// What the row of the active version says; what hangs on others comes later.
ProjectionReason reason_of(const SqlResult& rows, std::size_t row)
{
    if (!rows.is_null(row, 5)) {
        return {rows.is_null(row, 4) ? "fold_error" : std::string{rows.text(row, 4)},
                std::string{rows.text(row, 5)}};
    }
    if (rows.boolean(row, 6)) {
        return {"paused", "until it is resumed"};
    }
    if (!rows.boolean(row, 8)) {
        return {"no_projector", "no projector holds it"};
    }
    if (rows.integer(row, 11) > 0) {
        return {"written_past", std::string{rows.text(row, 11)} +
                                    " statements wrote into its tables past the projector"};
    }
    if (rows.integer(row, 9) > 0) {
        return {"poison", std::string{rows.text(row, 9)} + " streams are parked"};
    }
    return {};
}

Result<void> known(Connection& connection, const std::string& ledger, const std::string& projection)
{
    SEAL_TRY(found, connection.run(is_known, {ledger, projection}));
    if (found.rows() == 0) {
        return Error{Errc::not_found, "projection " + projection};
    }
    return {};
}

RebuildStatus rebuild_in(const SqlResult& rows, std::size_t row)
{
    RebuildStatus status;
    status.state = rows.text(row, 1);
    status.stage = rows.text(row, 2);
    status.version = static_cast<int>(rows.integer(row, 3));
    status.folded = position(rows, row, 4);
    status.head = position(rows, row, 5);
    status.events_per_second = number(rows, row, 6);
    if (status.events_per_second && *status.events_per_second > 0 && status.state == "running") {
        const std::uint64_t left =
            status.head > status.folded ? status.head.value - status.folded.value : 0;
        status.seconds_left = static_cast<double>(left) / *status.events_per_second;
    }
    if (!rows.is_null(row, 7)) {
        status.is_equal = rows.boolean(row, 7);
    }
    status.different_tables = words(rows.text(row, 8));
    const auto swap = number(rows, row, 9);
    status.swap_ms = swap ? std::optional{*swap / 1'000} : std::nullopt;
    status.reason = rows.text(row, 10);
    return status;
}

} // namespace

Result<std::vector<ProjectionStatus>> read_statuses(Connection& connection,
                                                    const std::string& ledger)
{
    std::vector<ProjectionStatus> all;
    SEAL_TRY(rows, connection.run(select_version_states, {ledger}));
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        const std::string name{rows.text(row, 0)};
        const ProjectionVersionStatus version{static_cast<int>(rows.integer(row, 1)),
                                              std::string{rows.text(row, 2)},
                                              position(rows, row, 3)};
        if (all.empty() || all.back().name != name) {
            ProjectionStatus status;
            status.name = name;
            status.pack = rows.text(row, 7);
            status.reason = {"not_made", "no version is active yet"};
            if (version.state == "active") {
                status.cursor = version.cursor;
                status.reason = reason_of(rows, row);
                status.parked_streams = static_cast<std::uint64_t>(rows.integer(row, 9));
                status.parked_events = static_cast<std::uint64_t>(rows.integer(row, 10));
                status.foreign_writes = static_cast<std::uint64_t>(rows.integer(row, 11));
            }
            all.push_back(std::move(status));
        }
        all.back().versions.push_back(version);
    }
    SEAL_TRY(faults, connection.run(select_faults, {ledger}));
    for (std::size_t row = 0; row < faults.rows(); ++row) {
        ProjectionStatus status;
        status.name = faults.text(row, 0);
        status.reason = {std::string{faults.text(row, 1)}, std::string{faults.text(row, 2)}};
        all.push_back(std::move(status));
    }
    SEAL_TRY(rebuilds, connection.run(select_rebuilds, {ledger}));
    for (std::size_t row = 0; row < rebuilds.rows(); ++row) {
        for (ProjectionStatus& status : all) {
            if (status.name == rebuilds.text(row, 0)) {
                status.rebuild = rebuild_in(rebuilds, row);
                const bool is_running = status.rebuild->state == "running";
                if (is_running && status.reason.code == "none") {
                    status.reason = {"rebuilding", status.rebuild->stage};
                }
            }
        }
    }
    SEAL_TRY_VOID(add_snapshot_counts(connection, ledger, all));
    return all;
}

Result<std::vector<ParkedFold>> read_parked(Connection& connection, const std::string& ledger,
                                            const std::string& projection)
{
    SEAL_TRY_VOID(known(connection, ledger, projection));
    SEAL_TRY(rows, connection.run(select_parked, {ledger, projection}));
    std::vector<ParkedFold> parked;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        parked.push_back(
            {StreamName{std::string{rows.text(row, 0)}, std::string{rows.text(row, 1)}},
             position(rows, row, 2), static_cast<std::uint64_t>(rows.integer(row, 3)),
             std::string{rows.text(row, 4)}, std::string{rows.text(row, 5)},
             std::string{rows.text(row, 8)}, static_cast<unsigned>(rows.integer(row, 6)),
             rows.boolean(row, 7)});
    }
    return parked;
}

Result<std::vector<ForeignWrite>> read_foreign_writes(Connection& connection,
                                                      const std::string& ledger,
                                                      const std::string& projection)
{
    SEAL_TRY_VOID(known(connection, ledger, projection));
    SEAL_TRY(rows, connection.run(select_foreign, {ledger, projection}));
    std::vector<ForeignWrite> writes;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        writes.push_back({std::string{rows.text(row, 0)}, std::string{rows.text(row, 1)},
                          std::string{rows.text(row, 2)}, std::string{rows.text(row, 3)},
                          std::string{rows.text(row, 4)}});
    }
    return writes;
}

Result<void> set_paused(Connection& connection, const std::string& ledger,
                        const std::string& projection, bool is_paused)
{
    SEAL_TRY_VOID(known(connection, ledger, projection));
    SEAL_TRY(set, connection.run(
                      is_paused ? "UPDATE sealstream.projections SET paused_at = clock_timestamp()"
                                  " WHERE ledger = $1 AND name = $2 AND state = 'active'"
                                : "UPDATE sealstream.projections SET paused_at = NULL,"
                                  " halted = NULL, halt_code = NULL"
                                  " WHERE ledger = $1 AND name = $2 AND state = 'active'",
                      {ledger, projection}));
    if (!is_paused) {
        SEAL_TRY(forgotten, connection.run("DELETE FROM sealstream.projection_faults"
                                           " WHERE ledger = $1 AND name = $2",
                                           {ledger, projection}));
    }
    return {};
}

Result<std::size_t> ask_retry(Connection& connection, const std::string& ledger,
                              const std::string& projection,
                              const std::optional<StreamName>& stream)
{
    SEAL_TRY_VOID(known(connection, ledger, projection));
    std::string sql = "UPDATE sealstream.parked_streams SET retry_asked = clock_timestamp()"
                      " WHERE ledger = $1 AND name = $2";
    SqlValues values{ledger, projection};
    if (stream) {
        sql += " AND stream_type = $3 AND stream_id = $4";
        values.emplace_back(stream->type);
        values.emplace_back(stream->id);
    }
    SEAL_TRY(asked, connection.run(sql, values));
    if (stream && asked.rows_affected() == 0) {
        return Error{Errc::not_found, "the stream is not parked"};
    }
    return asked.rows_affected();
}

Result<void> ask_rebuild(Connection& connection, const std::string& ledger,
                         const std::string& projection, const RebuildWish& wish)
{
    SEAL_TRY_VOID(known(connection, ledger, projection));
    SEAL_TRY(asked,
             connection.run(insert_rebuild, {ledger, projection, wish.swaps ? "true" : "false",
                                             wish.events_per_second
                                                 ? SqlValue{std::to_string(*wish.events_per_second)}
                                                 : std::nullopt}));
    if (asked.rows_affected() == 0) {
        return Error{Errc::conflict, "a rebuild of " + projection + " is under way"};
    }
    return {};
}

Result<void> order_rebuild(Connection& connection, const std::string& ledger,
                           const std::string& projection, RebuildOrder order)
{
    SEAL_TRY_VOID(known(connection, ledger, projection));
    std::string wish = "run";
    std::string states = "{waiting,running,paused}";
    switch (order) {
    case RebuildOrder::pause:
        wish = "pause";
        break;
    case RebuildOrder::resume:
        break;
    case RebuildOrder::swap:
        wish = "swap";
        states = "{ready}";
        break;
    case RebuildOrder::cancel:
        wish = "cancel";
        states = "{waiting,running,paused,ready}";
        break;
    }
    SEAL_TRY(set, connection.run(set_wish, {ledger, projection, wish, states}));
    if (set.rows_affected() == 0) {
        return Error{Errc::conflict, "no rebuild of " + projection + " is in a state for this"};
    }
    return {};
}

} // namespace sealstream
