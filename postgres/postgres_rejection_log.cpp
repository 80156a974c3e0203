#include "postgres/postgres_rejection_log.hpp"

#include "core/base/encoding.hpp"
#include "core/base/log.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr const char* insert_rejections =
    "INSERT INTO sealstream.rejections (ledger, code, rule, reason, id, type, stream_type,"
    "  stream_id, source, actor, key, data_sha256, data_bytes, data)"
    " SELECT $1, code, rule, reason, id, type, stream_type, stream_id, source, actor, key,"
    "        decode(sha256, 'hex'), bytes, data"
    " FROM unnest($2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[],"
    "   $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::text[])"
    "   WITH ORDINALITY AS e (code, rule, reason, id, type, stream_type, stream_id, source, actor,"
    "     key, sha256, bytes, data, place)"
    " ORDER BY place";
constexpr std::size_t insert_columns = 13;

constexpr const char* select_rejections =
    "SELECT number, (extract(epoch FROM at) * 1000000)::bigint, code, rule, reason, id, type,"
    "  stream_type, stream_id, source, actor, key, encode(data_sha256, 'hex'), data_bytes, data"
    " FROM sealstream.rejections"
    " WHERE ledger = $1 AND ($2::bigint = 0 OR number < $2::bigint)"
    "   AND ($3 = '' OR type = $3) AND ($4 = '' OR source = $4)"
    "   AND ($5::bigint IS NULL OR at >= to_timestamp(0) + $5::bigint * interval '1 microsecond')"
    "   AND ($6::bigint IS NULL OR at < to_timestamp(0) + $6::bigint * interval '1 microsecond')"
    "   AND at >= clock_timestamp() - $7::bigint * interval '1 hour'"
    " ORDER BY number DESC LIMIT $8";

constexpr const char* delete_old =
    "DELETE FROM sealstream.rejections WHERE number IN ("
    "  SELECT number FROM sealstream.rejections"
    "  WHERE ledger = $1 AND at < clock_timestamp() - $2::bigint * interval '1 hour'"
    "  ORDER BY at LIMIT $3)";

// Whatever the database does otherwise: what is answered is on disk.
constexpr const char* wait_for_disk =
    "SELECT set_config('synchronous_commit', 'on', true)"
    " WHERE current_setting('synchronous_commit') IN ('off', 'local')";

Result<void> insert_some(Connection& connection, const std::string& ledger,
                         std::span<const RejectedEvent> events)
{
    std::array<std::vector<std::string>, insert_columns> columns;
    for (const RejectedEvent& event : events) {
        const std::array<std::string, insert_columns> row{event.code,
                                                          event.rule,
                                                          event.reason,
                                                          event.id.to_string(),
                                                          event.type,
                                                          event.stream.type,
                                                          event.stream.id,
                                                          event.source,
                                                          event.actor,
                                                          event.key,
                                                          to_hex(event.data_digest.view()),
                                                          std::to_string(event.data_bytes),
                                                          event.data};
        for (std::size_t at = 0; at < insert_columns; ++at) {
            columns[at].push_back(row[at]);
        }
    }
    SqlValues values{ledger};
    for (const auto& column : columns) {
        values.emplace_back(sql_array(column));
    }
    SEAL_TRY(inserted, connection.run(insert_rejections, values));
    return {};
}

// What could not be deleted now is deleted later; nobody waits for it.
void prune(Connection& connection, const RejectionLogOptions& options)
{
    const auto deleted =
        connection.run(delete_old, {options.ledger, std::to_string(options.keep.count()),
                                    std::to_string(options.prune_rows_max)});
    if (!deleted) {
        log(Level::warn, "rejections.not_pruned", "postgres", {{"why", describe(deleted.error())}});
    } else if (deleted->rows_affected() != 0) {
        log(Level::info, "rejections.pruned", "postgres", {{"rows", deleted->rows_affected()}});
    }
}

std::optional<std::string> microseconds(const std::optional<WallTime>& time)
{
    return time ? std::optional{std::to_string(time->nanoseconds / 1000)} : std::nullopt;
}

RejectedEvent rejection_in(const SqlResult& answer, std::size_t row)
{
    const auto text = [&answer, row](std::size_t column) {
        return std::string{answer.text(row, column)};
    };
    RejectedEvent event;
    event.number = static_cast<std::uint64_t>(answer.integer(row, 0));
    event.at = WallTime{answer.integer(row, 1) * 1000};
    event.code = text(2);
    event.rule = text(3);
    event.reason = text(4);
    if (const auto id = EventId::parse(answer.text(row, 5))) {
        event.id = *id;
    }
    event.type = text(6);
    event.stream = {text(7), text(8)};
    event.source = text(9);
    event.actor = text(10);
    event.key = text(11);
    if (const auto digest = from_hex(answer.text(row, 12));
        digest && digest->size() == event.data_digest.bytes.size()) {
        std::copy(digest->begin(), digest->end(), event.data_digest.bytes.begin());
    }
    event.data_bytes = static_cast<std::uint64_t>(answer.integer(row, 13));
    event.data = text(14);
    return event;
}

Result<std::vector<RejectedEvent>>
select_some(Connection& connection, const RejectionLogOptions& options, const RejectionQuery& query)
{
    const SqlValues values{options.ledger,
                           std::to_string(query.before),
                           query.type,
                           query.source,
                           microseconds(query.from_time),
                           microseconds(query.to_time),
                           std::to_string(options.keep.count()),
                           std::to_string(query.events_max)};
    SEAL_TRY(answer, connection.run(select_rejections, values));
    std::vector<RejectedEvent> events;
    events.reserve(answer.rows());
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        events.push_back(rejection_in(answer, row));
    }
    return events;
}

// A connection that had been idle may have died with an earlier server. Reading twice is harmless,
// and recording twice is allowed.
template <class Work>
[[nodiscard]] Task<std::invoke_result_t<Work&, Connection&>> run(BlockingPool& threads, Pool& pool,
                                                                 Work work)
{
    auto outcome = co_await with_connection(threads, pool, work);
    if (!outcome && outcome.error().code == Errc::unavailable) {
        outcome = co_await with_connection(threads, pool, std::move(work));
    }
    co_return outcome;
}

} // namespace

bool PostgresRejectionLog::is_time_to_prune()
{
    const auto now = std::chrono::steady_clock::now();
    if (now - pruned_ < options_.prune_interval) {
        return false;
    }
    pruned_ = now;
    return true;
}

Task<Result<void>> PostgresRejectionLog::record(std::vector<RejectedEvent> events)
{
    auto job = [&options = options_, must_prune = is_time_to_prune(),
                events = std::move(events)](Connection& connection) -> Result<void> {
        const std::span<const RejectedEvent> all{events};
        SEAL_TRY(transaction, Transaction::begin(connection));
        SEAL_TRY(durable, connection.run(wait_for_disk));
        for (std::size_t at = 0; at < all.size(); at += options.statement_rows_max) {
            const auto count = std::min(options.statement_rows_max, all.size() - at);
            SEAL_TRY_VOID(insert_some(connection, options.ledger, all.subspan(at, count)));
        }
        SEAL_TRY_VOID(transaction.commit());
        if (must_prune) {
            prune(connection, options);
        }
        return {};
    };
    auto recorded = co_await run(threads_, pool_, std::move(job));
    co_return recorded;
}

Task<Result<std::vector<RejectedEvent>>> PostgresRejectionLog::query(RejectionQuery query)
{
    auto job = [&options = options_, must_prune = is_time_to_prune(), query = std::move(query)](
                   Connection& connection) -> Result<std::vector<RejectedEvent>> {
        if (must_prune) {
            prune(connection, options);
        }
        return select_some(connection, options, query);
    };
    auto found = co_await run(threads_, pool_, std::move(job));
    co_return found;
}

} // namespace sealstream
