#include "postgres/log_statements.hpp"

#include "postgres/copy_buffer.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr const char* create_ledger =
    "INSERT INTO sealstream.ledgers (ledger) VALUES ($1) ON CONFLICT (ledger) DO NOTHING";
constexpr const char* select_ledger =
    "SELECT ledger_id, incarnation FROM sealstream.ledgers WHERE ledger = $1";

// fsync = off or synchronous_commit = off loses acknowledged commits in a crash. A synchronous
// standby counts only when commits wait for it.
constexpr const char* select_durability =
    "SELECT current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'"
    "       AND current_setting('synchronous_commit') <> 'off',"
    "  1 + CASE WHEN current_setting('synchronous_standby_names') <> ''"
    "            AND current_setting('synchronous_commit') NOT IN ('off', 'local')"
    "      THEN (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum'))"
    "      ELSE 0 END";

constexpr const char* select_head =
    "SELECT head, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 1000, incarnation"
    " FROM sealstream.ledgers WHERE ledger_id = $1";

constexpr const char* select_events =
    "SELECT id, stream_type, stream_id, position, version, record FROM sealstream.records"
    " WHERE ledger_id = $1 AND id = ANY ($2::uuid[])";

constexpr const char* select_heads =
    "SELECT s.type, s.id, h.version, h.position, h.hash"
    " FROM unnest($2::text[], $3::text[]) AS s (type, id)"
    " CROSS JOIN LATERAL (SELECT version, position, hash FROM sealstream.records"
    "   WHERE ledger_id = $1 AND stream_type = s.type AND stream_id = s.id"
    "   ORDER BY version DESC LIMIT 1) AS h";

constexpr const char* copy_records =
    "COPY sealstream.records (ledger_id, position, ingested, id, stream_type, stream_id, version,"
    " hash, record) FROM STDIN (FORMAT binary)";
constexpr std::size_t copy_columns = 9;

constexpr const char* move_head = "UPDATE sealstream.ledgers SET head = $2 WHERE ledger_id = $1";
constexpr const char* notify = "SELECT pg_notify($1, $2)";

constexpr const char* select_has_event =
    "SELECT EXISTS (SELECT FROM sealstream.records WHERE ledger_id = $1 AND id = $2)";

constexpr const char* select_places =
    "SELECT id, position FROM sealstream.records WHERE ledger_id = $1 AND id = ANY ($2::uuid[])";

// The sum runs over what the limit has left, so a read touches no more rows than it may return.
constexpr const char* select_records =
    "SELECT position, ingested, record FROM ("
    "  SELECT position, ingested, record,"
    "         sum(octet_length(record)) OVER (ORDER BY position) - octet_length(record) AS before"
    "  FROM (SELECT position, ingested, record FROM sealstream.records"
    "        WHERE ledger_id = $1 AND position > $2 ORDER BY position LIMIT $3) AS page) AS summed"
    " WHERE before < $4 ORDER BY position";

// Planned for its values each time: a rare type goes by the index of streams, a common one by
// position.
constexpr const char* select_matching =
    "SELECT position, ingested, record FROM ("
    "  SELECT position, ingested, record,"
    "         sum(octet_length(record)) OVER (ORDER BY position) - octet_length(record) AS before"
    "  FROM (SELECT position, ingested, record FROM sealstream.records"
    "        WHERE ledger_id = $1 AND position > $2 AND stream_type = ANY ($5::text[])"
    "        ORDER BY position LIMIT $3) AS page) AS summed"
    " WHERE before < $4 ORDER BY position";

constexpr const char* select_stream =
    "SELECT position, ingested, record, version FROM ("
    "  SELECT position, ingested, record, version,"
    "         sum(octet_length(record)) OVER (ORDER BY version) - octet_length(record) AS before"
    "  FROM (SELECT position, ingested, record, version FROM sealstream.records"
    "        WHERE ledger_id = $1 AND stream_type = $2 AND stream_id = $3 AND version > $4"
    "        ORDER BY version LIMIT $5) AS page) AS summed"
    " WHERE before < $6 ORDER BY version";

Position position_in(const SqlResult& answer, std::size_t row, std::size_t column)
{
    return Position{static_cast<std::uint64_t>(answer.big_endian(row, column))};
}

Digest digest_in(ByteView bytes)
{
    Digest digest;
    if (bytes.size() == digest.bytes.size()) {
        std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
    }
    return digest;
}

EventId id_in(ByteView bytes)
{
    EventId id;
    std::copy_n(bytes.begin(), std::min(bytes.size(), id.bytes.size()), id.bytes.begin());
    return id;
}

Result<LedgerHead> head_from(Result<SqlResult> answer)
{
    if (!answer) {
        return answer.error();
    }
    if (answer->rows() != 1) {
        return Error{Errc::corrupt, "the ledger is gone from the database"};
    }
    return LedgerHead{Position{static_cast<std::uint64_t>(answer->integer(0, 0))},
                      WallTime{answer->integer(0, 1)}, std::string{answer->text(0, 2)}};
}

StoredRecord record_in(const SqlResult& answer, std::size_t row)
{
    return {position_in(answer, row, 0), WallTime{answer.big_endian(row, 1)},
            to_bytes(answer.bytes(row, 2))};
}

StreamHead stream_head_in(const SqlResult& answer, std::size_t row, std::size_t column)
{
    return {Version{static_cast<std::uint64_t>(answer.big_endian(row, column))},
            position_in(answer, row, column + 1), digest_in(answer.bytes(row, column + 2))};
}

Result<void> read_known_events(Connection& connection, const std::string& ledger_id,
                               const std::vector<std::string>& ids, LogState& state)
{
    SEAL_TRY(answer, connection.run_prepared(select_events, {ledger_id, sql_array(ids)},
                                             SqlFormat::binary));
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        const EventId id = id_in(answer.bytes(row, 0));
        const StreamName stream{std::string{answer.text(row, 1)}, std::string{answer.text(row, 2)}};
        const Version version{static_cast<std::uint64_t>(answer.big_endian(row, 4))};
        state.events.emplace(id,
                             KnownEvent{Placed{id, stream, position_in(answer, row, 3), version},
                                        to_bytes(answer.bytes(row, 5))});
    }
    return {};
}

} // namespace

Result<LedgerIdentity> find_or_create_ledger(Connection& connection, const std::string& ledger)
{
    SEAL_TRY(created, connection.run(create_ledger, {ledger}));
    SEAL_TRY(answer, connection.run(select_ledger, {ledger}));
    if (answer.rows() != 1) {
        return Error{Errc::unavailable, "the ledger was dropped while it was opened"};
    }
    return LedgerIdentity{std::string{answer.text(0, 0)}, std::string{answer.text(0, 1)}};
}

Result<Durability> read_durability(Connection& connection)
{
    SEAL_TRY(answer, connection.run(select_durability));
    const bool is_synced = answer.boolean(0, 0);
    Durability durability{is_synced ? "postgres-synced" : "postgres-lazy",
                          static_cast<int>(answer.integer(0, 1)), is_synced};
    durability.is_confirmed = true;
    return durability;
}

Result<LedgerHead> lock_head(Connection& connection, const std::string& ledger_id)
{
    static const std::string locking = std::string{select_head} + " FOR UPDATE";
    return head_from(connection.run_prepared(locking, {ledger_id}));
}

Result<LedgerHead> read_head(Connection& connection, const std::string& ledger_id)
{
    return head_from(connection.run_prepared(select_head, {ledger_id}));
}

Result<LogState> read_state(Connection& connection, const std::string& ledger_id,
                            const std::vector<AppendRequest>& requests)
{
    std::vector<std::string> ids;
    std::unordered_map<StreamName, StreamHead> wanted;
    for (const AppendRequest& request : requests) {
        for (const StreamAppend& append : request.appends) {
            wanted.try_emplace(append.stream);
            for (const Draft& draft : append.drafts) {
                ids.push_back(draft.id.to_string());
            }
        }
        for (const StreamCheck& check : request.checks) {
            wanted.try_emplace(check.stream);
        }
    }
    LogState state;
    const auto known = read_known_events(connection, ledger_id, ids, state);
    if (!known) {
        return known.error();
    }
    std::vector<std::string> types;
    std::vector<std::string> stream_ids;
    for (const auto& [stream, unknown] : wanted) {
        types.push_back(stream.type);
        stream_ids.push_back(stream.id);
    }
    SEAL_TRY(answer, connection.run_prepared(select_heads,
                                             {ledger_id, sql_array(types), sql_array(stream_ids)},
                                             SqlFormat::binary));
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        state.streams.emplace(
            StreamName{std::string{answer.text(row, 0)}, std::string{answer.text(row, 1)}},
            stream_head_in(answer, row, 2));
    }
    return state;
}

Result<void> insert_records(Connection& connection, const std::string& ledger_id, WallTime now,
                            const std::vector<NewRecord>& records)
{
    CopyBuffer rows{copy_columns};
    const auto ledger = static_cast<std::int32_t>(std::stol(ledger_id));
    for (const NewRecord& fresh : records) {
        rows.begin_row();
        rows.add_integer(ledger);
        rows.add_bigint(fresh.placed.position.value);
        rows.add_bigint(now.nanoseconds);
        rows.add_uuid(fresh.placed.id);
        rows.add_text(fresh.placed.stream.type);
        rows.add_text(fresh.placed.stream.id);
        rows.add_bigint(fresh.placed.version.value);
        if (fresh.hash) {
            rows.add_bytes(fresh.hash->view());
        } else {
            rows.add_null();
        }
        rows.add_bytes(fresh.record);
    }
    const auto copied = connection.copy_in(copy_records, rows.finish());
    if (!copied) {
        return copied.error();
    }
    const std::string head = std::to_string(records.back().placed.position.value);
    SEAL_TRY(moved, connection.run_prepared(move_head, {ledger_id, head}));
    SEAL_TRY(notified, connection.run_prepared(notify, {log_channel, ledger_id}));
    return {};
}

Result<bool> has_event(Connection& connection, const std::string& ledger_id, const EventId& id)
{
    SEAL_TRY(answer, connection.run(select_has_event, {ledger_id, id.to_string()}));
    return answer.boolean(0, 0);
}

Result<std::vector<IdPlace>> find_places(Connection& connection, const std::string& ledger_id,
                                         const std::vector<EventId>& ids)
{
    std::vector<std::string> texts;
    texts.reserve(ids.size());
    for (const EventId& id : ids) {
        texts.push_back(id.to_string());
    }
    SEAL_TRY(answer, connection.run_prepared(select_places, {ledger_id, sql_array(texts)},
                                             SqlFormat::binary));
    std::vector<IdPlace> places;
    places.reserve(answer.rows());
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        places.push_back({id_in(answer.bytes(row, 0)), position_in(answer, row, 1)});
    }
    return places;
}

Result<std::vector<StoredRecord>> read_records(Connection& connection, const std::string& ledger_id,
                                               Position after, ReadLimits limits)
{
    SEAL_TRY(answer, connection.run_prepared(select_records,
                                             {ledger_id, std::to_string(after.value),
                                              std::to_string(limits.events_max),
                                              std::to_string(limits.bytes_max)},
                                             SqlFormat::binary));
    std::vector<StoredRecord> records;
    records.reserve(answer.rows());
    Position expected = after.next();
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        records.push_back(record_in(answer, row));
        if (records.back().position != expected) {
            return Error{Errc::corrupt,
                         "position " + std::to_string(expected.value) + " is missing from the log"};
        }
        expected = expected.next();
    }
    return records;
}

Result<std::vector<StoredRecord>> read_matching_records(Connection& connection,
                                                        const std::string& ledger_id,
                                                        Position after, ReadLimits limits,
                                                        const LogFilter& filter)
{
    SEAL_TRY(answer, connection.run(
                         select_matching,
                         {ledger_id, std::to_string(after.value), std::to_string(limits.events_max),
                          std::to_string(limits.bytes_max), sql_array(filter.stream_types)},
                         SqlFormat::binary));
    std::vector<StoredRecord> records;
    records.reserve(answer.rows());
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        records.push_back(record_in(answer, row));
    }
    return records;
}

Result<std::vector<StoredRecord>> read_stream_records(Connection& connection,
                                                      const std::string& ledger_id,
                                                      const StreamName& stream, Version after,
                                                      ReadLimits limits)
{
    SEAL_TRY(answer, connection.run_prepared(
                         select_stream,
                         {ledger_id, stream.type, stream.id, std::to_string(after.value),
                          std::to_string(limits.events_max), std::to_string(limits.bytes_max)},
                         SqlFormat::binary));
    std::vector<StoredRecord> records;
    records.reserve(answer.rows());
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        const auto version = static_cast<std::uint64_t>(answer.big_endian(row, 3));
        if (version != after.value + row + 1) {
            return Error{Errc::corrupt, stream.to_string() + " has no version " +
                                            std::to_string(after.value + row + 1)};
        }
        records.push_back(record_in(answer, row));
    }
    return records;
}

Result<StreamHead> read_stream_head(Connection& connection, const std::string& ledger_id,
                                    const StreamName& stream)
{
    SEAL_TRY(answer,
             connection.run_prepared(select_heads,
                                     {ledger_id, sql_array({stream.type}), sql_array({stream.id})},
                                     SqlFormat::binary));
    return answer.rows() == 0 ? StreamHead{} : stream_head_in(answer, 0, 2);
}

} // namespace sealstream
