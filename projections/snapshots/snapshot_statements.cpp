#include "projections/snapshots/snapshot_statements.hpp"

#include "projections/snapshots/snapshot_rows.hpp"

namespace sealstream {

namespace {

constexpr const char* count_all =
    "SELECT name, count(*), count(refused), coalesce(max(position) FILTER (WHERE refused IS NULL"
    "  AND fold_digest = (SELECT p.fold_digest FROM sealstream.projections AS p"
    "   WHERE p.ledger = s.ledger AND p.name = s.name AND p.state = 'active')), 0)"
    " FROM sealstream.projection_snapshots AS s WHERE ledger = $1 GROUP BY name";

constexpr const char* is_known_snapshot =
    "SELECT FROM sealstream.projections WHERE ledger = $1 AND name = $2 LIMIT 1";

constexpr const char* select_all =
    ", to_char(s.taken_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), s.took_us,"
    "  coalesce(s.refused, ''), EXISTS (SELECT FROM sealstream.projections AS p"
    "   WHERE p.ledger = s.ledger AND p.name = s.name AND p.state = 'active'"
    "   AND p.fold_digest = s.fold_digest AND p.incarnation = s.incarnation)"
    " FROM sealstream.projection_snapshots AS s WHERE ledger = $1 AND name = $2"
    " ORDER BY s.position DESC, s.number DESC";
constexpr std::size_t first_of_all = 14; // column after those of snapshot_in()

constexpr const char* select_order =
    "SELECT state, reason FROM sealstream.snapshot_orders WHERE ledger = $1 AND name = $2";

constexpr const char* insert_order =
    "INSERT INTO sealstream.snapshot_orders AS o (ledger, name, state) VALUES ($1, $2, 'waiting')"
    " ON CONFLICT (ledger, name) DO UPDATE SET state = 'waiting', number = NULL, reason = '',"
    "  asked_at = clock_timestamp() WHERE o.state <> 'waiting'";

Result<void> known_snapshots(Connection& connection, const std::string& ledger,
                             const std::string& projection)
{
    SEAL_TRY(found, connection.run(is_known_snapshot, {ledger, projection}));
    if (found.rows() == 0) {
        return Error{Errc::not_found, "projection " + projection};
    }
    return {};
}

} // namespace

Result<void> add_snapshot_counts(Connection& connection, const std::string& ledger,
                                 std::vector<ProjectionStatus>& statuses)
{
    SEAL_TRY(rows, connection.run(count_all, {ledger}));
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        for (ProjectionStatus& status : statuses) {
            if (status.name == rows.text(row, 0)) {
                status.snapshots = {static_cast<std::uint64_t>(rows.integer(row, 1)),
                                    static_cast<std::uint64_t>(rows.integer(row, 2)),
                                    Position{static_cast<std::uint64_t>(rows.integer(row, 3))}};
            }
        }
    }
    return {};
}

Result<Snapshots> read_snapshots(Connection& connection, const std::string& ledger,
                                 const std::string& projection)
{
    SEAL_TRY_VOID(known_snapshots(connection, ledger, projection));
    SEAL_TRY(rows, connection.run(std::string{"SELECT "} + snapshot_columns + select_all,
                                  {ledger, projection}));
    Snapshots snapshots;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        const Snapshot read = snapshot_in(rows, row);
        SnapshotStatus status;
        status.number = read.number;
        status.position = read.position;
        status.version = read.version;
        status.ingested_at = read.folded_to;
        status.bytes = read.bytes;
        status.seal = read.seal;
        for (const TableDigest& table : read.tables) {
            status.rows += table.rows;
        }
        status.taken_at = rows.text(row, first_of_all);
        status.took_seconds = static_cast<double>(rows.integer(row, first_of_all + 1)) / 1e6;
        status.refused = rows.text(row, first_of_all + 2);
        status.is_current = rows.boolean(row, first_of_all + 3);
        snapshots.all.push_back(std::move(status));
    }
    SEAL_TRY(order, connection.run(select_order, {ledger, projection}));
    if (order.rows() != 0) {
        snapshots.order = {std::string{order.text(0, 0)}, std::string{order.text(0, 1)}};
    }
    return snapshots;
}

Result<void> ask_snapshot(Connection& connection, const std::string& ledger,
                          const std::string& projection)
{
    SEAL_TRY_VOID(known_snapshots(connection, ledger, projection));
    SEAL_TRY(asked, connection.run(insert_order, {ledger, projection}));
    if (asked.rows_affected() == 0) {
        return Error{Errc::conflict, "a snapshot of " + projection + " is asked for already"};
    }
    return {};
}

} // namespace sealstream
