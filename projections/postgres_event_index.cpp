#include "projections/postgres_event_index.hpp"

#include "core/event/canonical_json.hpp"
#include "projections/cursor_store.hpp"
#include "projections/projection.hpp"

namespace sealstream {

namespace {

constexpr const char* select_cursor = "SELECT cursor FROM sealstream.projections"
                                      " WHERE ledger = $1 AND name = $2 AND state = 'active'";

constexpr const char* select_is_missing = "SELECT to_regclass('sealstream.projections') IS NULL";

// jsonb has its own order of members and its own spaces; what it can not hold exactly stands beside
// it.
Result<std::string> canonical(std::string_view text, bool is_jsonb)
{
    if (!is_jsonb) {
        return std::string{text};
    }
    auto json = canonical_json(text);
    if (!json) {
        return Error{Errc::corrupt, "the event index holds no JSON: " + describe(json.error())};
    }
    return json;
}

// Columns as index_statement() selects them.
Result<IndexedEvent> event_in(const SqlResult& rows, std::size_t row)
{
    IndexedEvent indexed;
    indexed.position = Position{static_cast<std::uint64_t>(rows.integer(row, 0))};
    indexed.ingested = WallTime{rows.integer(row, 1)};
    Draft& draft = indexed.event.draft;
    SEAL_TRY(id, EventId::parse(rows.text(row, 2)));
    draft.id = id;
    draft.type = rows.text(row, 3);
    draft.source = rows.text(row, 4);
    draft.actor = rows.text(row, 5);
    if (!rows.is_null(row, 6)) {
        draft.time = WallTime{rows.integer(row, 6)};
    }
    draft.key = rows.text(row, 7);
    SEAL_TRY(data, canonical(rows.text(row, 8), rows.boolean(row, 13)));
    draft.data = std::move(data);
    if (!rows.is_null(row, 9)) {
        SEAL_TRY(meta, canonical(rows.text(row, 9), rows.boolean(row, 14)));
        draft.meta = std::move(meta);
    }
    indexed.event.stream = {std::string{rows.text(row, 10)}, std::string{rows.text(row, 11)}};
    indexed.is_skipped = rows.boolean(row, 15);
    indexed.event.is_expired = rows.boolean(row, 16);
    indexed.event.version = Version{static_cast<std::uint64_t>(rows.integer(row, 12))};
    return indexed;
}

Result<std::vector<IndexedEvent>> events_in(const SqlResult& rows)
{
    std::vector<IndexedEvent> events;
    events.reserve(rows.rows());
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        SEAL_TRY(event, event_in(rows, row));
        events.push_back(std::move(event));
    }
    return events;
}

Result<Position> select_from_projections(Connection& connection, const std::string& ledger)
{
    SEAL_TRY(found, connection.run_prepared(select_cursor, {ledger, event_index_name}));
    return found.rows() == 0 ? Position{}
                             : Position{static_cast<std::uint64_t>(found.integer(0, 0))};
}

// 0 as long as no projector has made what it is read from. It may be made between the question and
// the look why it failed; then the question is put again.
Result<Position> read_cursor(Connection& connection, const std::string& ledger)
{
    auto found = select_from_projections(connection, ledger);
    if (!found && found.error().code == Errc::unsupported) {
        SEAL_TRY(answer, connection.run(select_is_missing));
        found = answer.boolean(0, 0) ? Position{} : select_from_projections(connection, ledger);
    }
    return found;
}

// The cursor first, the rows after it, in one session: so the rows show at least that much, and no
// crash of the database can have come between.
Result<std::vector<IndexedEvent>> run_statement(Connection& connection, const std::string& ledger,
                                                Position at_least, const IndexStatement& statement)
{
    if (at_least.value != 0) {
        SEAL_TRY(reached, read_cursor(connection, ledger));
        if (reached < at_least) {
            return Error{Errc::projection_behind,
                         "the event index is at " + std::to_string(reached.value)};
        }
    }
    auto rows = connection.run(statement.sql, statement.values);
    if (!rows && rows.error().code == Errc::unsupported) {
        SEAL_TRY(cursor, read_cursor(connection, ledger));
        if (cursor == Position{}) {
            return Error{Errc::projection_missing, "the event index has no tables yet"};
        }
        rows = connection.run(statement.sql, statement.values); // they have been made since
    }
    if (!rows) {
        return rows.error();
    }
    return events_in(*rows);
}

// A connection that had been idle may have died with an earlier server; reading twice is harmless.
template <class Read>
[[nodiscard]] Task<std::invoke_result_t<Read&, Connection&>> run_read(BlockingPool& threads,
                                                                      Pool& pool, Read read)
{
    auto outcome = co_await with_connection(threads, pool, read);
    if (!outcome && outcome.error().code == Errc::unavailable) {
        outcome = co_await with_connection(threads, pool, std::move(read));
    }
    co_return outcome;
}

} // namespace

PostgresEventIndex::PostgresEventIndex(std::string ledger, Pool& pool, BlockingPool& threads)
    : ledger_{std::move(ledger)},
      table_{sql_name(active_schema_name(ledger_, event_index_name)) + ".events"},
      pool_{pool},
      threads_{threads}
{
}

Task<Result<std::vector<IndexedEvent>>> PostgresEventIndex::query(EventQuery query)
{
    SEAL_CO_TRY(statement, index_statement(table_, query));
    auto read = [&ledger = ledger_, at_least = query.at_least,
                 statement = std::move(statement)](Connection& connection) {
        return run_statement(connection, ledger, at_least, statement);
    };
    auto events = co_await run_read(threads_, pool_, std::move(read));
    co_return events;
}

Task<Result<IndexedEvent>> PostgresEventIndex::find(EventId id, Position at_least)
{
    auto read = [&ledger = ledger_, statement = find_statement(table_, id), id,
                 at_least](Connection& connection) -> Result<IndexedEvent> {
        SEAL_TRY(events, run_statement(connection, ledger, at_least, statement));
        if (events.empty()) {
            return Error{Errc::not_found, "event " + id.to_string()};
        }
        return std::move(events.front());
    };
    auto found = co_await run_read(threads_, pool_, std::move(read));
    co_return found;
}

Task<Result<Position>> PostgresEventIndex::cursor()
{
    auto read = [&ledger = ledger_](Connection& connection) {
        return read_cursor(connection, ledger);
    };
    auto found = co_await run_read(threads_, pool_, std::move(read));
    co_return found;
}

} // namespace sealstream
