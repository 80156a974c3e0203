#include "projections/work/work_store.hpp"

namespace sealstream {

namespace {

constexpr const char* try_lock_work =
    "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended('sealstream work ' || $1, "
    "0))";

constexpr const char* upsert =
    "INSERT INTO sealstream.pack_work (ledger, kind, name, pack, summary, severity, every_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (ledger, kind, name) DO UPDATE"
    " SET summary = excluded.summary, severity = excluded.severity, every_ms = excluded.every_ms";

constexpr const char* remove_others =
    "DELETE FROM sealstream.pack_work WHERE ledger = $1 AND NOT (kind || ' ' || name) = ANY "
    "($2::text[])";

// Times as microseconds since 1970.
constexpr const char* select_memory =
    "SELECT kind, name, (extract(epoch FROM moment) * 1000000)::bigint,"
    "  (extract(epoch FROM asked_moment) * 1000000)::bigint, told, failures, asked, answered"
    " FROM sealstream.pack_work WHERE ledger = $1";

constexpr const char* update_failed =
    "UPDATE sealstream.pack_work SET ran_at = $4, next_at = $5, duration_us = $6, runs = runs + 1,"
    "  failed_runs = failed_runs + 1, failures = failures + 1, failure_code = $7, failure = $8,"
    "  answered = $9"
    " WHERE ledger = $1 AND kind = $2 AND name = $3";

constexpr const char* update_done =
    "UPDATE sealstream.pack_work SET ran_at = $4, came_through_at = $4, next_at = $5,"
    "  duration_us = $6, runs = runs + 1, failures = 0, failure_code = '', failure = '',"
    "  answered = $7, state = $8, cursor = $9, moment = $10, rows = $11, has_more_rows = $12,"
    "  appended = appended + $13, refused = refused + $14, told = greatest(told, $15)"
    " WHERE ledger = $1 AND kind = $2 AND name = $3";

// Whether a session holds the lock above.
constexpr const char* select_statuses =
    "SELECT name, pack, summary, severity, every_ms, state, cursor,"
    "  to_char(ran_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
    "  to_char(came_through_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
    "  to_char(next_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
    "  to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
    "  duration_us, runs, failed_runs, failures, failure_code, failure, rows, has_more_rows,"
    "  appended, refused, told, asked, answered,"
    "  EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE l.locktype = 'advisory' AND l.granted"
    "   AND l.objsubid = 1 AND l.database = (SELECT oid FROM pg_catalog.pg_database"
    "    WHERE datname = pg_catalog.current_database())"
    "   AND ((l.classid::bigint << 32) | l.objid::bigint) = pg_catalog.hashtextextended("
    "    'sealstream work ' || ledger, 0))"
    " FROM sealstream.pack_work WHERE ledger = $1 AND kind = $2 ORDER BY name";

constexpr const char* ask_now =
    "UPDATE sealstream.pack_work SET asked = asked + 1, asked_moment = $4"
    " WHERE ledger = $1 AND kind = $2 AND name = $3 RETURNING asked";

std::optional<WallTime> time_at(const SqlResult& rows, std::size_t row, std::size_t column)
{
    if (rows.is_null(row, column)) {
        return std::nullopt;
    }
    return WallTime{rows.integer(row, column) * 1'000};
}

std::uint64_t count_at(const SqlResult& rows, std::size_t row, std::size_t column)
{
    return static_cast<std::uint64_t>(rows.integer(row, column));
}

// Before a projector has migrated the database nothing is declared, and nothing runs.
Error not_migrated(const Connection& connection, Error error)
{
    constexpr std::string_view undefined_table = "42P01";
    if (connection.last_sqlstate() == undefined_table) {
        return {Errc::projection_missing, std::move(error).context};
    }
    return error;
}

WorkStatus status_at(const SqlResult& rows, std::size_t row, WorkKind kind)
{
    const auto text = [&](std::size_t column) {
        return rows.is_null(row, column) ? std::string{} : std::string{rows.text(row, column)};
    };
    WorkStatus status;
    status.declared = {kind,    text(0), text(1),
                       text(2), text(3), std::chrono::milliseconds{rows.integer(row, 4)}};
    status.state = text(5);
    status.cursor = Position{count_at(rows, row, 6)};
    status.ran_at = text(7);
    status.came_through_at = text(8);
    status.next_at = text(9);
    status.moment = text(10);
    status.seconds = static_cast<double>(rows.integer(row, 11)) / 1e6;
    status.runs = count_at(rows, row, 12);
    status.failed_runs = count_at(rows, row, 13);
    status.failures = count_at(rows, row, 14);
    status.failure_code = text(15);
    status.failure = text(16);
    status.rows = text(17);
    status.has_more_rows = rows.boolean(row, 18);
    status.appended = count_at(rows, row, 19);
    status.refused = count_at(rows, row, 20);
    status.told = Position{count_at(rows, row, 21)};
    status.asked = count_at(rows, row, 22);
    status.answered = count_at(rows, row, 23);
    status.has_runner = rows.boolean(row, 24);
    return status;
}

} // namespace

Result<bool> try_own_work(Connection& connection, const std::string& ledger)
{
    SEAL_TRY(taken, connection.run(try_lock_work, {ledger}));
    return taken.boolean(0, 0);
}

Result<void> declare_work(Connection& connection, const std::string& ledger,
                          const std::vector<DeclaredWork>& all)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    std::vector<std::string> keys;
    for (const DeclaredWork& one : all) {
        const std::string kind{name(one.kind)};
        SEAL_TRY(written,
                 connection.run(upsert, {ledger, kind, one.name, one.pack, one.summary,
                                         one.severity, std::to_string(one.every.count())}));
        keys.push_back(kind + " " + one.name);
    }
    SEAL_TRY(removed, connection.run(remove_others, {ledger, sql_array(keys)}));
    return transaction.commit();
}

Result<std::vector<NamedMemory>> read_work(Connection& connection, const std::string& ledger)
{
    SEAL_TRY(rows, connection.run_prepared(select_memory, {ledger}));
    std::vector<NamedMemory> all;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        NamedMemory one;
        one.kind = rows.text(row, 0) == "invariant" ? WorkKind::invariant : WorkKind::schedule;
        one.name = rows.text(row, 1);
        one.memory.moment = time_at(rows, row, 2);
        one.memory.asked_moment = time_at(rows, row, 3);
        one.memory.told = Position{count_at(rows, row, 4)};
        one.memory.failures = count_at(rows, row, 5);
        one.memory.asked = count_at(rows, row, 6);
        one.memory.answered = count_at(rows, row, 7);
        all.push_back(std::move(one));
    }
    return all;
}

Result<void> record_run(Connection& connection, const std::string& ledger, const WorkRun& run)
{
    SqlValues values{ledger,
                     std::string{name(run.kind)},
                     run.name,
                     to_rfc3339(run.began),
                     to_rfc3339(run.next_at),
                     std::to_string(run.duration.count())};
    if (run.failure) {
        values.insert(values.end(), {std::string{name(run.failure->code)}, run.failure->context,
                                     std::to_string(run.answered)});
        SEAL_TRY(written, connection.run_prepared(update_failed, values));
        return {};
    }
    values.insert(values.end(), {std::to_string(run.answered), run.state,
                                 std::to_string(run.cursor.value), to_rfc3339(run.moment), run.rows,
                                 run.has_more_rows ? "true" : "false", std::to_string(run.appended),
                                 std::to_string(run.refused), std::to_string(run.told.value)});
    SEAL_TRY(written, connection.run_prepared(update_done, values));
    return {};
}

Result<std::vector<WorkStatus>> read_work_statuses(Connection& connection,
                                                   const std::string& ledger, WorkKind kind)
{
    const auto rows = connection.run_prepared(select_statuses, {ledger, std::string{name(kind)}});
    if (!rows) {
        return not_migrated(connection, rows.error());
    }
    std::vector<WorkStatus> all;
    for (std::size_t row = 0; row < rows->rows(); ++row) {
        all.push_back(status_at(*rows, row, kind));
    }
    return all;
}

Result<std::optional<std::uint64_t>> ask_for_run(Connection& connection, const std::string& ledger,
                                                 WorkKind kind, const std::string& wanted,
                                                 std::optional<WallTime> moment)
{
    const SqlValue when = moment ? SqlValue{to_rfc3339(*moment)} : std::nullopt;
    const auto rows = connection.run(ask_now, {ledger, std::string{name(kind)}, wanted, when});
    if (!rows) {
        return not_migrated(connection, rows.error());
    }
    return rows->rows() == 0 ? std::nullopt : std::optional{count_at(*rows, 0, 0)};
}

} // namespace sealstream
