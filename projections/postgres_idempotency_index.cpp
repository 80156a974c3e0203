#include "projections/postgres_idempotency_index.hpp"

#include "projections/cursor_store.hpp"
#include "projections/projection.hpp"

namespace sealstream {

namespace {

// The first row is the newest event, with a null for its id.
std::string statement_on(const std::string& table)
{
    return "(SELECT position, ingested_nanos, NULL::uuid FROM " + table +
           " ORDER BY position DESC LIMIT 1) UNION ALL"
           " SELECT position, ingested_nanos, id FROM " +
           table + " WHERE id = ANY ($1::uuid[])";
}

Result<IdempotencyIndex::Answer> answer_in(const SqlResult& rows)
{
    IdempotencyIndex::Answer answer;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        const Position position{static_cast<std::uint64_t>(rows.integer(row, 0))};
        if (rows.is_null(row, 2)) {
            answer.reached = position;
            answer.newest_ingested = WallTime{rows.integer(row, 1)};
            continue;
        }
        SEAL_TRY(id, EventId::parse(rows.text(row, 2)));
        answer.found.push_back({id, position});
    }
    return answer;
}

struct Search {
    const std::string& statement;
    std::string ids;

    Result<IdempotencyIndex::Answer> operator()(Connection& connection) const
    {
        const auto rows = connection.run_prepared(statement, {ids});
        if (rows) {
            return answer_in(*rows);
        }
        if (rows.error().code == Errc::unsupported) {
            return IdempotencyIndex::Answer{}; // the projector has not made its tables yet
        }
        return rows.error();
    }
};

} // namespace

PostgresIdempotencyIndex::PostgresIdempotencyIndex(const std::string& ledger, Pool& pool,
                                                   BlockingPool& threads)
    : statement_{statement_on(sql_name(active_schema_name(ledger, event_index_name)) + ".events")},
      pool_{pool},
      threads_{threads}
{
}

Task<Result<IdempotencyIndex::Answer>> PostgresIdempotencyIndex::find(std::vector<EventId> ids)
{
    std::vector<std::string> texts;
    texts.reserve(ids.size());
    for (const EventId& id : ids) {
        texts.push_back(id.to_string());
    }
    const Search search{statement_, sql_array(texts)};
    auto answer = co_await with_connection(threads_, pool_, search);
    if (!answer && answer.error().code == Errc::unavailable) {
        // An idle connection may have died with an earlier server; reading twice is harmless.
        answer = co_await with_connection(threads_, pool_, search);
    }
    co_return answer;
}

} // namespace sealstream
