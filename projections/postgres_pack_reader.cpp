#include "projections/postgres_pack_reader.hpp"

#include "projections/cursor_store.hpp"
#include "projections/pack_role.hpp"
#include "projections/projection.hpp"
#include "projections/snapshots/past_states.hpp"

#include <algorithm>
#include <array>

namespace sealstream {

namespace {

constexpr const char* select_cursors =
    "SELECT coalesce(min(cursor), 0), count(*), coalesce(string_agg(version::text, ' ' ORDER BY "
    "name), ''), coalesce(max(cursor), 0)"
    " FROM sealstream.projections"
    " WHERE ledger = $1 AND name = ANY ($2::text[]) AND state = 'active'";

constexpr const char* has_outdated =
    "SELECT count(*) FROM sealstream.projections WHERE ledger = $1 AND name = ANY ($2::text[])"
    " AND state = 'active' AND NOT fold_digest = ANY ($3::text[])";

// Where all projections of the pack are, as one.
struct Standing {
    Position cursor;
    std::string versions; // differ after a swap
    bool is_even{true};   // they all are there
};

Result<Standing> read_standing(Connection& connection, const PackReaderOptions& options)
{
    SEAL_TRY(found, connection.run_prepared(select_cursors,
                                            {options.ledger, sql_array(options.projections)}));
    const auto made = static_cast<std::size_t>(found.integer(0, 1));
    if (made < options.projections.size()) {
        return Standing{};
    }
    if (options.projections.empty()) {
        return Standing{Position{}, "none"};
    }
    return Standing{Position{static_cast<std::uint64_t>(found.integer(0, 0))},
                    std::string{found.text(0, 2)}, found.integer(0, 0) == found.integer(0, 3)};
}

std::vector<std::string> schemas_of(const PackReaderOptions& options)
{
    std::vector<std::string> schemas;
    for (const std::string& projection : options.projections) {
        schemas.push_back(active_schema_name(options.ledger, projection));
    }
    return schemas;
}

std::string begin_reading(const std::vector<std::string>& schemas,
                          std::chrono::milliseconds time_max)
{
    std::string path;
    for (const std::string& schema : schemas) {
        path.append(path.empty() ? "" : ", ").append(sql_name(schema));
    }
    return "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;"
           "SET LOCAL statement_timeout = " +
           std::to_string(time_max.count()) +
           ";"
           "SET LOCAL TimeZone = 'UTC';"
           "SET LOCAL search_path = " +
           (path.empty() ? "pg_catalog" : path);
}

// Whatever a statement has done to its session ends here.
std::string end_reading(Connection& connection)
{
    return "ROLLBACK; " + connection.reset_script(); // prepared statements outlive a rollback
}

std::string values_array(const std::vector<PackValue>& values)
{
    std::string text{"{"};
    for (const PackValue& value : values) {
        text.append(text.size() == 1 ? "" : ",");
        if (const auto* one = std::get_if<std::string>(&value)) {
            const auto element = sql_array({*one});
            text.append(element, 1, element.size() - 2);
        } else if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
            const auto element = sql_array({sql_array(*list)});
            text.append(element, 1, element.size() - 2);
        } else {
            text.append("NULL");
        }
    }
    return text + "}";
}

// What went wrong inside the pack's own statement.
Error statement_error(const PackReaderOptions& options, Error error)
{
    constexpr std::array of_servers{Errc::malformed, Errc::timed_out, Errc::overloaded,
                                    Errc::unavailable, Errc::capacity};
    const bool is_of_server =
        std::find(of_servers.begin(), of_servers.end(), error.code) != of_servers.end();
    // A read-only transaction looks like a standby.
    const bool wants_to_write = error.context.ends_with("(25006)");
    if (!is_of_server || wants_to_write) { // rights, tables that are not there, writing
        error.code = Errc::internal;
    }
    return with_context(std::move(error), "SQL of pack " + options.pack);
}

Result<PackRows> take_rows(const SqlResult& found, const PackQuestion& question)
{
    PackRows rows;
    rows.has_more = found.rows() > question.rows_max;
    const auto count = std::min(found.rows(), question.rows_max);
    rows.rows.reserve(count);
    for (std::size_t row = 0; row < count; ++row) {
        if (found.is_null(row, 0)) {
            return Error{Errc::too_large,
                         "the rows are more than " + std::to_string(question.bytes_max) + " bytes"};
        }
        rows.rows.emplace_back(found.text(row, 0));
    }
    return rows;
}

Result<PackRows> ask(Connection& connection, const PackReaderOptions& options,
                     const PackQuestion& question, PackReaderRights& rights)
{
    if (!rights.hold_for_any()) {
        SEAL_TRY(now, read_standing(connection, options));
        if (now.versions.empty()) {
            return Error{Errc::projection_missing,
                         "the tables of pack " + options.pack + " are not made yet"};
        }
        SEAL_TRY_VOID(
            make_pack_reader(connection, options.ledger, options.pack, schemas_of(options)));
        rights.set(now.versions);
    }
    SEAL_TRY_VOID(connection.run_script(begin_reading(schemas_of(options), question.time_max)));
    SEAL_TRY(before, read_standing(connection, options));
    if (!rights.hold_for(before.versions)) { // other tables have come in their place
        rights.set({});
        return Error{Errc::overloaded, "the tables of pack " + options.pack + " are new"};
    }
    if (before.cursor < question.at_least) {
        return Error{Errc::projection_behind, "at " + std::to_string(before.cursor.value)};
    }
    auto found = connection.run(run_as_pack(options.ledger, options.pack),
                                {bounded_statement(question), values_array(question.values)});
    if (!found) {
        return statement_error(options, std::move(found).error());
    }
    auto rows = take_rows(*found, question);
    if (rows) {
        rows->reached = before.cursor;
        rows->is_even = before.is_even;
    }
    SEAL_TRY_VOID(connection.run_script(end_reading(connection)));
    SEAL_TRY(after, read_standing(connection, options));
    if (after.versions != before.versions) {
        return Error{Errc::overloaded, "the tables of pack " + options.pack + " were just swapped"};
    }
    return rows;
}

// A pack that has just been edited, or rolled out, comes before its tables.
bool are_outdated(Connection& connection, const PackReaderOptions& options)
{
    if (options.digests.empty() || connection.is_broken()) {
        return false;
    }
    const auto found = connection.run(
        has_outdated, {options.ledger, sql_array(options.projections), sql_array(options.digests)});
    return found && found->integer(0, 0) != 0;
}

Result<PackRows> ask_past(Connection& connection, const PackReaderOptions& options,
                          const PackQuestion& question, const std::vector<PastVersion>& states)
{
    std::vector<std::string> schemas;
    for (const PastVersion& state : states) {
        schemas.push_back(state.schema_name);
    }
    SEAL_TRY_VOID(connection.run_script(begin_reading(schemas, question.time_max)));
    for (const PastVersion& state : states) {
        SEAL_TRY(is_held, hold_past(connection, options.ledger, state));
        if (!is_held) {
            return Error{Errc::overloaded,
                         "the state of " + state.projection + " was just dropped"};
        }
    }
    auto found = connection.run(run_as_pack(options.ledger, options.pack),
                                {bounded_statement(question), values_array(question.values)});
    if (!found) {
        return statement_error(options, std::move(found).error());
    }
    auto rows = take_rows(*found, question);
    if (rows) {
        rows->reached = *question.as_of;
    }
    SEAL_TRY_VOID(connection.run_script(end_reading(connection)));
    return rows;
}

// Its failure would only repeat the error that is reported; the session is not reused then.
void leave_after_error(Connection& connection)
{
    if (!connection.is_broken()) {
        static_cast<void>(connection.run_script(end_reading(connection)));
    }
}

Result<PackRows> ask_and_leave(Connection& connection, const PackReaderOptions& options,
                               const PackQuestion& question, PackReaderRights& rights)
{
    auto rows = ask(connection, options, question, rights);
    if (!rows) {
        leave_after_error(connection);
    }
    if (!rows && rows.error().code == Errc::internal && are_outdated(connection, options)) {
        return Error{Errc::projection_missing, "the tables of pack " + options.pack +
                                                   " were made by other SQL; new ones are being "
                                                   "built: " +
                                                   rows.error().context};
    }
    return rows;
}

constexpr int tries_max = 3; // after a swap, or when an idle connection has died

bool is_worth_another_try(const Error& error)
{
    return error.code == Errc::unavailable || error.code == Errc::overloaded;
}

} // namespace

std::string bounded_statement(const PackQuestion& question)
{
    const std::string limit = std::to_string(question.rows_max + 1);
    const std::string row = question.is_scalar ? "(SELECT e.value::text FROM json_each(to_json(q)) "
                                                 "WITH ORDINALITY AS e (key, value, n)"
                                                 " WHERE e.n = 1)"
                                               : "to_json(q)::text";
    return "SELECT CASE WHEN sum(octet_length(r.t)) OVER (ROWS UNBOUNDED PRECEDING) <= " +
           std::to_string(question.bytes_max) + " THEN r.t END FROM (SELECT " + row +
           " AS t FROM (\n" + question.sql + "\n) AS q LIMIT " + limit + ") AS r";
}

PostgresPackReader::PostgresPackReader(PackReaderOptions options, Pool& pool, BlockingPool& threads)
    : options_{std::move(options)},
      pool_{pool},
      threads_{threads}
{
}

Task<Result<PackRows>> PostgresPackReader::read(PackQuestion question)
{
    if (question.values.size() > pack_values_max) {
        co_return Error{Errc::internal, "a statement has at most " +
                                            std::to_string(pack_values_max) + " parameters"};
    }
    if (question.as_of) {
        co_return co_await read_past(std::move(question));
    }
    auto job = [&options = options_, &rights = rights_,
                question = std::move(question)](Connection& connection) -> Result<PackRows> {
        return ask_and_leave(connection, options, question, rights);
    };
    auto rows = co_await with_connection(threads_, pool_, job);
    for (int tries = 1; !rows && tries < tries_max && is_worth_another_try(rows.error()); ++tries) {
        rows = co_await with_connection(threads_, pool_, job);
    }
    co_return rows;
}

Task<Result<PackRows>> PostgresPackReader::read_past(PackQuestion question)
{
    if (past_ == nullptr) {
        co_return Error{Errc::unsupported, "this reader has no past"};
    }
    Result<PackRows> rows{Error{}};
    for (int tries = 0; tries < tries_max; ++tries) {
        auto names = options_.projections;
        SEAL_CO_TRY(states, co_await past_->at(std::move(names), *question.as_of));
        auto job = [&options = options_, question,
                    states = std::move(states)](Connection& connection) -> Result<PackRows> {
            auto answer = ask_past(connection, options, question, states);
            if (!answer) {
                leave_after_error(connection);
            }
            return answer;
        };
        rows = co_await with_connection(threads_, pool_, std::move(job));
        if (rows || !is_worth_another_try(rows.error())) {
            break;
        }
    }
    co_return rows;
}

Task<Result<Position>> PostgresPackReader::cursor()
{
    auto job = [&options = options_](Connection& connection) -> Result<Position> {
        SEAL_TRY(standing, read_standing(connection, options));
        return standing.cursor;
    };
    auto found = co_await with_connection(threads_, pool_, job);
    if (!found && found.error().code == Errc::unavailable) {
        found = co_await with_connection(threads_, pool_, std::move(job));
    }
    co_return found;
}

} // namespace sealstream
