// Which snapshots are due, and which have to go.

#include "projections/snapshots/snapshot_store.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr const char* drop_old_settings =
    "SET LOCAL lock_timeout = '5s'"; // whoever reads it now may end; it is dropped the next time

constexpr const char* select_standing =
    "SELECT p.name, p.cursor, coalesce(s.position, 0),"
    "  floor(extract(epoch FROM clock_timestamp() - s.taken_at))::bigint,"
    "  o.state IS NOT DISTINCT FROM 'waiting',"
    "  coalesce(p.definition->>'pack', '') <> '' AND p.halted IS NULL"
    "   AND NOT EXISTS (SELECT FROM sealstream.parked_streams AS k WHERE k.ledger = p.ledger"
    "    AND k.name = p.name AND k.version = p.version)"
    "   AND NOT EXISTS (SELECT FROM sealstream.foreign_writes AS w WHERE w.ledger = p.ledger"
    "    AND w.name = p.name AND w.version = p.version)"
    " FROM sealstream.projections AS p LEFT JOIN LATERAL"
    "  (SELECT position, taken_at FROM sealstream.projection_snapshots AS s"
    "   WHERE s.ledger = p.ledger AND s.name = p.name AND s.fold_digest = p.fold_digest"
    "   AND s.incarnation = p.incarnation AND s.refused IS NULL"
    "   AND NOT sealstream.may_hold_forgotten(s.ledger, p.definition, s.position, '-infinity')"
    "   ORDER BY position DESC LIMIT 1) AS s ON true"
    " LEFT JOIN sealstream.snapshot_orders AS o ON o.ledger = p.ledger AND o.name = p.name"
    " WHERE p.ledger = $1 AND p.state = 'active' ORDER BY p.name";

constexpr const char* set_order = "UPDATE sealstream.snapshot_orders SET state = $3, reason = $4,"
                                  " number = nullif($5::integer, 0)"
                                  " WHERE ledger = $1 AND name = $2 AND state = 'waiting'";

constexpr const char* refuse_all =
    "UPDATE sealstream.projection_snapshots SET refused = $3, refused_at = clock_timestamp()"
    " WHERE ledger = $1 AND name = $2 AND refused IS NULL";

// 0: no version can begin with it, or may; 1: refused; 2: it can be used.
constexpr const char* select_upkeep =
    "SELECT number, position, CASE WHEN NOT EXISTS ("
    "   SELECT FROM sealstream.projections AS p WHERE p.ledger = s.ledger AND p.name = s.name"
    "   AND p.state <> 'past' AND p.fold_digest = s.fold_digest"
    "   AND p.incarnation = s.incarnation"
    "   AND NOT sealstream.may_hold_forgotten(s.ledger, p.definition, s.position, '-infinity')"
    "  ) THEN 0"
    "  WHEN refused IS NOT NULL THEN 1 ELSE 2 END, fold_digest"
    " FROM sealstream.projection_snapshots AS s WHERE ledger = $1 AND name = $2"
    " ORDER BY fold_digest, position, number";

constexpr const char* delete_row = "DELETE FROM sealstream.projection_snapshots"
                                   " WHERE ledger = $1 AND name = $2 AND number = $3";

struct Stored {
    int number{0};
    Position position;
};

// Of those that stand in one group: what is more than `keep`.
void add_surplus(const std::vector<Stored>& group, std::size_t keep, std::vector<Stored>& to)
{
    std::vector<Position> positions;
    for (const Stored& one : group) {
        positions.push_back(one.position);
    }
    for (const std::size_t at : surplus_snapshots(positions, keep)) {
        to.push_back(group[at]);
    }
}

} // namespace

Result<std::vector<DueSnapshot>>
find_due_snapshots(Connection& connection, const std::string& ledger, const SnapshotPolicy& policy)
{
    SEAL_TRY(rows, connection.run(select_standing, {ledger}));
    std::vector<DueSnapshot> due;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        SnapshotStanding standing;
        standing.cursor = Position{static_cast<std::uint64_t>(rows.integer(row, 1))};
        standing.newest = Position{static_cast<std::uint64_t>(rows.integer(row, 2))};
        if (!rows.is_null(row, 3)) {
            standing.age = std::chrono::seconds{rows.integer(row, 3)};
        }
        const bool is_ordered = rows.boolean(row, 4);
        // The event index is the log once more: copies of it would cost much and save little.
        const bool is_by_policy = rows.boolean(row, 5) && is_snapshot_due(policy, standing);
        if (is_ordered || is_by_policy) {
            due.push_back({std::string{rows.text(row, 0)}, is_ordered});
        }
    }
    return due;
}

Result<void> end_order(Connection& connection, const std::string& ledger,
                       const std::string& projection, const Result<Snapshot>& taken)
{
    SEAL_TRY(set, connection.run(set_order, {ledger, projection, taken ? "done" : "failed",
                                             taken ? "" : taken.error().context,
                                             std::to_string(taken ? taken->number : 0)}));
    return {};
}

Result<void> refuse_all_snapshots(Connection& connection, const std::string& ledger,
                                  const std::string& projection, const std::string& reason)
{
    SEAL_TRY(refused, connection.run(refuse_all, {ledger, projection, reason}));
    return {};
}

Result<bool> drop_snapshot(Connection& connection, const std::string& ledger,
                           const std::string& projection, int number)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY_VOID(connection.run_script(drop_old_settings));
    const auto schema = snapshot_schema_name(ledger, projection, number);
    SEAL_TRY_VOID(connection.run_script("DROP SCHEMA IF EXISTS " + sql_name(schema) + " CASCADE"));
    SEAL_TRY(deleted, connection.run(delete_row, {ledger, projection, std::to_string(number)}));
    SEAL_TRY_VOID(transaction.commit());
    return deleted.rows_affected() != 0;
}

Result<std::size_t> prune_snapshots(Connection& connection, const std::string& ledger,
                                    const std::string& projection, std::size_t keep)
{
    SEAL_TRY(rows, connection.run(select_upkeep, {ledger, projection}));
    std::vector<Stored> surplus;
    std::vector<Stored> refused;
    std::vector<Stored> good; // made by one and the same SQL
    std::string_view digest;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        if (rows.text(row, 3) != digest) {
            add_surplus(good, keep, surplus);
            good.clear();
            digest = rows.text(row, 3);
        }
        const std::int64_t use = rows.integer(row, 2);
        std::vector<Stored>& where = use == 0 ? surplus : use == 1 ? refused : good;
        where.push_back({static_cast<int>(rows.integer(row, 0)),
                         Position{static_cast<std::uint64_t>(rows.integer(row, 1))}});
    }
    add_surplus(good, keep, surplus);
    std::sort(refused.begin(), refused.end(),
              [](const Stored& one, const Stored& other) { return one.position < other.position; });
    add_surplus(refused, keep, surplus);
    std::size_t dropped = 0;
    for (const Stored& one : surplus) {
        SEAL_TRY(is_gone, drop_snapshot(connection, ledger, projection, one.number));
        dropped += is_gone ? 1U : 0U;
    }
    return dropped;
}

} // namespace sealstream
