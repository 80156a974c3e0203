// Invariants
//   1. Between attempts the session is as it was before: settings, cursors, prepared statements.
//   2. What failed has no effect; what succeeded has it once, in the order of positions.
//   3. An event of a stuck stream is not folded.

#include "projections/apart/fold_apart.hpp"

#include "projections/cursor_store.hpp"
#include "projections/pack_projections.hpp"

namespace sealstream {

namespace {

constexpr const char* keep_parked_streams_out =
    "INSERT INTO pg_temp.stuck SELECT stream_type, stream_id, 0, sqlstate, reason"
    " FROM sealstream.parked_streams WHERE ledger = $1 AND name = $2 AND version = $3";

constexpr const char* add_parked_streams =
    "INSERT INTO sealstream.parked_streams"
    " (ledger, name, version, stream_type, stream_id, first_position, sqlstate, reason)"
    " SELECT $1, $2, $3::integer, stream_type, stream_id, position, sqlstate, reason"
    " FROM pg_temp.stuck WHERE position > 0";

constexpr const char* count_parked = "SELECT count(*) FROM sealstream.parked_streams"
                                     " WHERE ledger = $1 AND name = $2 AND version = $3";

std::string keep_events(const Projection& projection, EventRange range)
{
    return std::string{"WITH kept AS (INSERT INTO sealstream.parked_events"
                       " (ledger, name, projection_version, "} +
           batch_column_names + ") SELECT $1, $2, $3::integer, " + batch_column_names +
           " FROM pg_temp.incoming AS e WHERE " + reaches(projection) + " AND position BETWEEN " +
           std::to_string(range.first.value) + " AND " + std::to_string(range.last.value) +
           " AND EXISTS (SELECT FROM pg_temp.stuck AS s WHERE s.stream_type = e.stream_type"
           " AND s.stream_id = e.stream_id AND s.position <= e.position)"
           " RETURNING stream_type, stream_id)"
           " UPDATE sealstream.parked_streams AS p SET events = p.events + k.events"
           " FROM (SELECT stream_type, stream_id, count(*) AS events FROM kept"
           "  GROUP BY stream_type, stream_id) AS k"
           " WHERE p.ledger = $1 AND p.name = $2 AND p.version = $3"
           " AND p.stream_type = k.stream_type AND p.stream_id = k.stream_id";
}

std::string code_of(Setback setback)
{
    switch (setback) {
    case Setback::again:
        return "retrying";
    case Setback::slow:
        return "fold_slow";
    case Setback::halt:
        return "fold_error";
    case Setback::poison:
        return "poison";
    }
    return "fold_error";
}

} // namespace

const char* fold_settings() noexcept
{
    // Losing the last commits in a crash loses nothing: their cursors are lost with them, and the
    // log still has the events. Not waiting for the disk is worth much at small batches.
    return "SET LOCAL synchronous_commit = off; SET LOCAL search_path = pg_catalog, pg_temp;";
}

ApartFold::ApartFold(Connection& connection, const ApartOptions& options,
                     const Projection& projection, const ProjectionVersion& owned,
                     bool& is_batch_used)
    : connection_{connection},
      options_{options},
      projection_{projection},
      owned_{owned},
      roles_{apart_roles(options.ledger, projection.pack)},
      script_{fold_script(projection)},
      is_batch_used_{is_batch_used}
{
}

SqlValues ApartFold::key() const
{
    return {options_.ledger, owned_.name, std::to_string(owned_.version)};
}

std::string ApartFold::session_end()
{
    return connection_.reset_script() + fold_settings();
}

Result<ApartFold::Attempt> ApartFold::attempt(std::string_view source, EventRange range)
{
    const auto begun = connection_.run_script(std::string{"SAVEPOINT fold;"} +
                                              (is_batch_used_ ? "TRUNCATE pg_temp.batch;" : ""));
    if (!begun) {
        return begun.error();
    }
    SEAL_TRY(filled, connection_.run(fill_batch(projection_, source, range)));
    const std::size_t events = filled.rows_affected();
    is_batch_used_ = true;
    if (events == 0) {
        const auto released = connection_.run_script("RELEASE SAVEPOINT fold");
        return released ? Result<Attempt>{Attempt{}} : released.error();
    }
    const auto limited = connection_.run_script("SET LOCAL statement_timeout = " +
                                                std::to_string(options_.timeout.count()));
    if (!limited) {
        return limited.error();
    }
    if (options_.watch != nullptr) {
        options_.watch->attempts.fetch_add(1);
    }
    const auto folded = connection_.run(call_apart(roles_.fold),
                                        {sql_name(owned_.schema_name) + ", pg_temp", script_});
    if (!folded) {
        return undone(folded.error(), connection_.last_sqlstate(), events);
    }
    const auto checked = connection_.run_script(
        session_end() + "SELECT sealstream.check_apart('" + roles_.fold +
        "', 'pg_temp.batch'::pg_catalog.regclass::pg_catalog.oid); RELEASE SAVEPOINT fold");
    if (!checked) {
        // Whatever state it claims, this is about the pack and not about the event.
        return undone(checked.error(), "42501", events);
    }
    return Attempt{events, {}, {}};
}

Result<ApartFold::Attempt> ApartFold::undone(Error error, std::string sqlstate, std::size_t events)
{
    if (connection_.is_broken()) {
        return error;
    }
    const auto restored = connection_.run_script(
        "ROLLBACK TO SAVEPOINT fold; RELEASE SAVEPOINT fold;" + session_end());
    if (!restored) {
        return restored.error();
    }
    const Setback setback = setback_of(sqlstate);
    return Attempt{events,
                   FoldSetback{setback, code_of(setback),
                               with_context(std::move(error), "folding " + projection_.name)},
                   std::move(sqlstate)};
}

Result<std::optional<FoldSetback>> ApartFold::fold(EventRange range, bool has_parked,
                                                   bool is_slow_allowed)
{
    const auto begun = connection_.run_script("SAVEPOINT projection; DELETE FROM pg_temp.stuck;");
    if (!begun) {
        return begun.error();
    }
    if (has_parked) {
        SEAL_TRY(known, connection_.run(keep_parked_streams_out, key()));
    }
    SEAL_TRY(whole, attempt("incoming", range));
    std::optional<FoldSetback> setback = std::move(whole.setback);
    const bool is_halved = setback && (setback->setback == Setback::poison ||
                                       (setback->setback == Setback::slow && is_slow_allowed));
    if (is_halved) {
        SEAL_TRY(left, halve("incoming", range));
        setback = std::move(left);
    }
    if (!setback && (is_halved || has_parked)) {
        SEAL_TRY(full, park(range));
        setback = std::move(full);
    }
    const auto ended = connection_.run_script(setback ? "ROLLBACK TO SAVEPOINT projection;"
                                                        " RELEASE SAVEPOINT projection"
                                                      : "RELEASE SAVEPOINT projection");
    if (!ended) {
        return ended.error();
    }
    return setback;
}

// The range as a whole has failed. Lower halves first, so that events are folded in order.
Result<std::optional<FoldSetback>> ApartFold::halve(std::string_view source, EventRange range)
{
    std::vector<EventRange> waiting;
    const auto split = [&waiting](EventRange whole) {
        const Position middle{whole.first.value + (whole.last.value - whole.first.value) / 2};
        waiting.push_back({middle.next(), whole.last});
        waiting.push_back({whole.first, middle});
    };
    if (range.first == range.last) {
        waiting.push_back(range);
    } else {
        split(range);
    }
    std::size_t stuck = 0;
    while (!waiting.empty()) {
        const EventRange part = waiting.back();
        waiting.pop_back();
        SEAL_TRY(tried, attempt(source, part));
        if (!tried.setback) {
            continue;
        }
        const Setback setback = tried.setback->setback;
        if (setback == Setback::halt || setback == Setback::again) {
            return std::move(tried.setback);
        }
        if (tried.events > 1) {
            split(part);
            continue;
        }
        const auto marked = mark_stuck(source, part, tried);
        if (!marked) {
            return marked.error();
        }
        if (++stuck > options_.parked_streams_max) {
            return std::optional{
                FoldSetback{Setback::halt, "too_many_parked", std::move(tried.setback->error)}};
        }
    }
    return std::optional<FoldSetback>{};
}

Result<void> ApartFold::mark_stuck(std::string_view source, EventRange range, const Attempt& failed)
{
    SEAL_TRY(marked, connection_.run(
                         "INSERT INTO pg_temp.stuck SELECT stream_type, stream_id, position,"
                         " $1, $2 FROM pg_temp." +
                             std::string{source} + " AS e WHERE " + reaches(projection_) +
                             " AND position BETWEEN $3 AND $4 AND NOT EXISTS"
                             " (SELECT FROM pg_temp.stuck AS s WHERE s.stream_type ="
                             " e.stream_type AND s.stream_id = e.stream_id)",
                         {failed.sqlstate, failed.setback->error.context,
                          std::to_string(range.first.value), std::to_string(range.last.value)}));
    if (marked.rows_affected() != 1) {
        return Error{Errc::internal, "one event was folded, and another number is stuck"};
    }
    return {};
}

Result<std::optional<FoldSetback>> ApartFold::park(EventRange range)
{
    SEAL_TRY(added, connection_.run(add_parked_streams, key()));
    SEAL_TRY(kept, connection_.run(keep_events(projection_, range), key()));
    SEAL_TRY(counted, connection_.run(count_parked, key()));
    if (static_cast<std::uint64_t>(counted.integer(0, 0)) > options_.parked_streams_max) {
        return std::optional{
            FoldSetback{Setback::halt, "too_many_parked",
                        Error{Errc::capacity, std::string{counted.text(0, 0)} + " streams of " +
                                                  projection_.name + " would be parked"}}};
    }
    return std::optional<FoldSetback>{};
}

Result<bool> ApartFold::retry(const StreamName& stream, std::size_t events_max)
{
    SqlValues which = key();
    which.emplace_back(stream.type);
    which.emplace_back(stream.id);
    const std::string of_stream = " ledger = $1 AND name = $2 AND projection_version = $3"
                                  " AND stream_type = $4 AND stream_id = $5";
    SEAL_TRY(loaded,
             connection_.run(std::string{"INSERT INTO pg_temp.aside SELECT "} + batch_column_names +
                                 " FROM sealstream.parked_events WHERE" + of_stream +
                                 " ORDER BY position LIMIT " + std::to_string(events_max),
                             which));
    SEAL_TRY(bounds, connection_.run("SELECT min(position), max(position) FROM pg_temp.aside"));
    std::string folded_to = "0"; // inclusive
    std::optional<std::string> stuck_reason;
    std::string stuck_state;
    if (loaded.rows_affected() != 0) {
        const EventRange range{Position{static_cast<std::uint64_t>(bounds.integer(0, 0))},
                               Position{static_cast<std::uint64_t>(bounds.integer(0, 1))}};
        folded_to = std::to_string(range.last.value);
        SEAL_TRY(whole, attempt("aside", range));
        if (whole.setback && whole.setback->setback != Setback::poison &&
            whole.setback->setback != Setback::slow) {
            return whole.setback->error;
        }
        if (whole.setback) {
            SEAL_TRY(left, halve("aside", range));
            if (left) {
                return left->error;
            }
            SEAL_TRY(found,
                     connection_.run("SELECT position - 1, sqlstate, reason FROM pg_temp.stuck"));
            folded_to = found.text(0, 0);
            stuck_state = found.text(0, 1);
            stuck_reason = std::string{found.text(0, 2)};
        }
    }
    which.emplace_back(folded_to);
    SEAL_TRY(done, connection_.run("DELETE FROM sealstream.parked_events WHERE" + of_stream +
                                       " AND position <= $6::bigint",
                                   which));
    which.pop_back();
    which.emplace_back(stuck_reason);
    which.emplace_back(stuck_state);
    SEAL_TRY(kept, connection_.run(
                       "UPDATE sealstream.parked_streams AS p SET events = left_over.events,"
                       " first_position = left_over.first, reason = coalesce($6, reason),"
                       " sqlstate = CASE WHEN $6 IS NULL THEN sqlstate ELSE $7 END,"
                       " tries = tries + (CASE WHEN $6 IS NULL THEN 0 ELSE 1 END),"
                       " retry_asked = CASE WHEN $6 IS NULL THEN retry_asked END"
                       " FROM (SELECT count(*) AS events, min(position) AS first"
                       "  FROM sealstream.parked_events WHERE" +
                           of_stream +
                           ") AS left_over WHERE p.ledger = $1 AND p.name = $2 AND p.version = $3"
                           " AND p.stream_type = $4 AND p.stream_id = $5 AND left_over.events > 0",
                       which));
    if (kept.rows_affected() != 0) {
        return !stuck_reason;
    }
    which.resize(5);
    SEAL_TRY(flows, connection_.run("DELETE FROM sealstream.parked_streams WHERE ledger = $1"
                                    " AND name = $2 AND version = $3 AND stream_type = $4"
                                    " AND stream_id = $5",
                                    which));
    return false;
}

} // namespace sealstream
