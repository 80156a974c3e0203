#include "postgres/outbox/outbox_statements.hpp"

#include "core/event/digest.hpp"

namespace sealstream {

namespace {

constexpr const char* try_lock_outbox =
    "SELECT pg_try_advisory_lock(hashtextextended('sealstream relay ' || $1, 0))";

// What the relay notes must be on disk before it appends, and so must be what it has read: a flush
// covers both.
constexpr const char* sync_commits =
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') IN ('off', 'local')";

constexpr const char* claim =
    "INSERT INTO sealstream.outbox_relays AS relay (ledger, epoch, incarnation) VALUES ($1, 1, $2)"
    " ON CONFLICT (ledger) DO UPDATE SET epoch = relay.epoch + 1, incarnation = $2,"
    "   attempted_after = CASE WHEN relay.incarnation = $2 THEN relay.attempted_after ELSE 0 END"
    " RETURNING epoch, attempted_through, attempted_after";

// The sum runs over what the limit has left; at least one event is read, whatever its size.
constexpr const char* select_page =
    "SELECT commit_number, id, stream_type, stream_id, type, source, actor, time_ns, data, meta,"
    "       key, frame, txid FROM ("
    "  SELECT *, sum(octet_length(data)) OVER (ORDER BY commit_number, number)"
    "            - octet_length(data) AS before FROM ("
    "    SELECT t.commit_number, o.* FROM sealstream.outbox_transactions AS t"
    "    JOIN sealstream.outbox AS o USING (ledger, frame, txid)"
    "    WHERE t.ledger = $1 AND t.emitted_at IS NULL AND t.parked_at IS NULL"
    "      AND t.commit_number IS NOT NULL AND o.emitted_at IS NULL"
    "    ORDER BY t.commit_number, o.number LIMIT $2) AS page) AS summed"
    " WHERE before < $3 ORDER BY commit_number, number";

constexpr const char* select_attempted =
    "SELECT o.id, o.stream_type, o.stream_id FROM sealstream.outbox_transactions AS t"
    " JOIN sealstream.outbox AS o USING (ledger, frame, txid)"
    " WHERE t.ledger = $1 AND t.emitted_at IS NULL AND t.parked_at IS NULL"
    "   AND t.commit_number <= $2 AND o.emitted_at IS NULL";

constexpr const char* update_attempt =
    "UPDATE sealstream.outbox_relays SET attempted_through = $3, attempted_after = $4"
    " WHERE ledger = $1 AND epoch = $2";

constexpr const char* check_epoch =
    "SELECT FROM sealstream.outbox_relays WHERE ledger = $1 AND epoch = $2 FOR SHARE";

constexpr const char* stamp_events =
    "UPDATE sealstream.outbox AS o SET emitted_at = clock_timestamp(), position = e.position,"
    "  version = e.version"
    " FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS e (id, position, version)"
    " WHERE o.ledger = $1 AND o.id = e.id AND o.emitted_at IS NULL";

// Also those that have no events, because they only repeated what another had appended.
constexpr const char* stamp_transactions =
    "UPDATE sealstream.outbox_transactions AS t SET emitted_at = clock_timestamp()"
    " WHERE t.ledger = $1 AND t.emitted_at IS NULL AND t.parked_at IS NULL"
    "   AND t.commit_number <= $2 AND NOT EXISTS (SELECT FROM sealstream.outbox AS o"
    "     WHERE (o.ledger, o.frame, o.txid) = (t.ledger, t.frame, t.txid) AND o.emitted_at IS "
    "NULL)";

constexpr const char* park =
    "UPDATE sealstream.outbox_transactions SET parked_at = clock_timestamp(), parked_reason = $3"
    " WHERE ledger = $1 AND commit_number = $2";

constexpr const char* select_lag =
    "SELECT count(*), coalesce(sum(events), 0),"
    "  coalesce(extract(epoch FROM clock_timestamp() - min(committed_at)), 0)::float8,"
    "  (SELECT count(*) FROM sealstream.outbox_transactions"
    "   WHERE ledger = $1 AND parked_at IS NOT NULL)"
    " FROM (SELECT events, committed_at FROM sealstream.outbox_transactions"
    "   WHERE ledger = $1 AND emitted_at IS NULL AND parked_at IS NULL"
    "   ORDER BY commit_number LIMIT $2) AS waiting";

constexpr const char* remove_old =
    "DELETE FROM sealstream.outbox_transactions WHERE (ledger, frame, txid) IN ("
    "  SELECT ledger, frame, txid FROM sealstream.outbox_transactions"
    "  WHERE ledger = $1 AND emitted_at < clock_timestamp() - make_interval(secs => $2)"
    "  ORDER BY emitted_at LIMIT $3)";

constexpr const char* select_parked =
    "SELECT commit_number, txid, events,"
    "  to_char(committed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
    "  to_char(parked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), parked_reason"
    " FROM sealstream.outbox_transactions WHERE ledger = $1 AND parked_at IS NOT NULL"
    " ORDER BY commit_number LIMIT $2";

constexpr const char* unpark =
    "UPDATE sealstream.outbox_transactions SET parked_at = NULL, parked_reason = NULL"
    " WHERE ledger = $1 AND parked_at IS NOT NULL AND commit_number = coalesce($2, commit_number)";

Result<OutboxEvent> event_in(const SqlResult& page, std::size_t row)
{
    SEAL_TRY(id, EventId::parse(page.text(row, 1)));
    OutboxEvent event;
    event.commit_number = page.integer(row, 0);
    event.stream = {std::string{page.text(row, 2)}, std::string{page.text(row, 3)}};
    Draft& draft = event.draft;
    draft.id = id;
    draft.type = page.text(row, 4);
    draft.source = page.text(row, 5);
    draft.actor = page.text(row, 6);
    if (!page.is_null(row, 7)) {
        draft.time = WallTime{page.integer(row, 7)};
    }
    draft.data = page.text(row, 8);
    draft.meta = page.text(row, 9);
    draft.key = page.text(row, 10);
    event.is_own_id = !is_id_of_transaction(draft, page.text(row, 11), page.text(row, 12));
    fill_random(draft.salt);
    return event;
}

Result<void> need_epoch(Connection& connection, const std::string& ledger, std::int64_t epoch)
{
    SEAL_TRY(owned, connection.run_prepared(check_epoch, {ledger, std::to_string(epoch)}));
    if (owned.rows() != 1) {
        return Error{Errc::conflict, "another relay has taken over"};
    }
    return {};
}

} // namespace

Result<bool> try_own_outbox(Connection& connection, const std::string& ledger)
{
    SEAL_TRY(taken, connection.run(try_lock_outbox, {ledger}));
    return taken.boolean(0, 0);
}

Result<RelayClaim> claim_outbox(Connection& connection, const std::string& ledger,
                                const std::string& incarnation)
{
    SEAL_TRY(synced, connection.run(sync_commits));
    SEAL_TRY(answer, connection.run(claim, {ledger, incarnation}));
    return RelayClaim{answer.integer(0, 0), answer.integer(0, 1),
                      Position{static_cast<std::uint64_t>(answer.integer(0, 2))}};
}

Result<OutboxPage> read_outbox(Connection& connection, const OutboxOptions& options)
{
    const std::size_t rows_max = options.page_events_max + 1; // one more shows whether more wait
    SEAL_TRY(answer,
             connection.run_prepared(select_page, {options.ledger, std::to_string(rows_max),
                                                   std::to_string(options.page_bytes_max)}));
    OutboxPage page;
    const std::size_t rows = std::min(answer.rows(), options.page_events_max);
    std::size_t bytes = 0;
    for (std::size_t row = 0; row < rows; ++row) {
        SEAL_TRY(event, event_in(answer, row));
        bytes += event.draft.data.size();
        page.events.push_back(std::move(event));
    }
    page.is_cut = answer.rows() > rows || bytes >= options.page_bytes_max;
    return page;
}

Result<std::vector<AttemptedEvent>> read_attempted(Connection& connection,
                                                   const std::string& ledger, std::int64_t through)
{
    SEAL_TRY(answer, connection.run(select_attempted, {ledger, std::to_string(through)}));
    std::vector<AttemptedEvent> attempted;
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        SEAL_TRY(id, EventId::parse(answer.text(row, 0)));
        attempted.push_back(
            {id, {std::string{answer.text(row, 1)}, std::string{answer.text(row, 2)}}});
    }
    return attempted;
}

Result<void> note_attempt(Connection& connection, const std::string& ledger,
                          const RelayClaim& claim)
{
    SEAL_TRY(noted, connection.run_prepared(update_attempt,
                                            {ledger, std::to_string(claim.epoch),
                                             std::to_string(claim.attempted_through),
                                             std::to_string(claim.attempted_after.value)}));
    if (noted.rows_affected() != 1) {
        return Error{Errc::conflict, "another relay has taken over"};
    }
    return {};
}

Result<void> stamp_emitted(Connection& connection, const std::string& ledger, std::int64_t epoch,
                           const std::vector<Placed>& events, std::int64_t through)
{
    std::vector<std::string> ids;
    std::vector<std::string> positions;
    std::vector<std::string> versions;
    for (const Placed& placed : events) {
        ids.push_back(placed.id.to_string());
        positions.push_back(std::to_string(placed.position.value));
        versions.push_back(std::to_string(placed.version.value));
    }
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY_VOID(need_epoch(connection, ledger, epoch));
    SEAL_TRY(stamped,
             connection.run_prepared(stamp_events, {ledger, sql_array(ids), sql_array(positions),
                                                    sql_array(versions)}));
    SEAL_TRY(ended, connection.run_prepared(stamp_transactions, {ledger, std::to_string(through)}));
    return transaction.commit();
}

Result<void> park_transaction(Connection& connection, const std::string& ledger, std::int64_t epoch,
                              std::int64_t commit_number, const std::string& reason)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY_VOID(need_epoch(connection, ledger, epoch));
    SEAL_TRY(parked, connection.run(park, {ledger, std::to_string(commit_number), reason}));
    return transaction.commit();
}

Result<OutboxLag> read_lag(Connection& connection, const std::string& ledger)
{
    SEAL_TRY(answer, connection.run_prepared(select_lag, {ledger, std::to_string(lag_count_max)}));
    const auto count = [&answer](std::size_t column) {
        return static_cast<std::uint64_t>(answer.integer(0, column));
    };
    return OutboxLag{count(0), count(1), std::stod(std::string{answer.text(0, 2)}), count(3)};
}

Result<std::uint64_t> remove_emitted(Connection& connection, const OutboxOptions& options)
{
    SEAL_TRY(removed, connection.run(remove_old,
                                     {options.ledger, std::to_string(options.keep_emitted.count()),
                                      std::to_string(options.removed_transactions_max)}));
    return removed.rows_affected();
}

Result<std::vector<ParkedTransaction>> read_parked(Connection& connection,
                                                   const std::string& ledger, std::size_t count_max)
{
    SEAL_TRY(answer, connection.run(select_parked, {ledger, std::to_string(count_max)}));
    std::vector<ParkedTransaction> parked;
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        parked.push_back({answer.integer(row, 0), std::string{answer.text(row, 1)},
                          answer.integer(row, 2), std::string{answer.text(row, 3)},
                          std::string{answer.text(row, 4)}, std::string{answer.text(row, 5)}});
    }
    return parked;
}

Result<std::uint64_t> retry_parked(Connection& connection, const std::string& ledger,
                                   std::optional<std::int64_t> commit_number)
{
    const SqlValue number = commit_number ? SqlValue{std::to_string(*commit_number)} : SqlValue{};
    SEAL_TRY(freed, connection.run(unpark, {ledger, number}));
    return freed.rows_affected();
}

} // namespace sealstream
