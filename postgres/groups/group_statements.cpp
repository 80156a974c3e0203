#include "postgres/groups/group_statements.hpp"

#include <charconv>

namespace sealstream {

namespace {

constexpr const char* store_group =
    "INSERT INTO sealstream.groups AS g (ledger, name, filter, cursor, lease_ms, deliveries_max)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (ledger, name) DO UPDATE"
    " SET filter = excluded.filter, lease_ms = excluded.lease_ms,"
    "     deliveries_max = excluded.deliveries_max"
    " RETURNING xmax = 0";
constexpr const char* remove = "DELETE FROM sealstream.groups WHERE ledger = $1 AND name = $2";
constexpr const char* list =
    "SELECT name FROM sealstream.groups WHERE ledger = $1 ORDER BY name LIMIT 1000";
constexpr const char* select_group =
    "SELECT filter, cursor, lease_ms, deliveries_max FROM sealstream.groups"
    " WHERE ledger = $1 AND name = $2";
constexpr const char* lock_row = " FOR UPDATE";
// A statement of its own: in the one that locks, the time could be from before the wait.
constexpr const char* select_group_now =
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

constexpr const char* select_streams =
    "SELECT stream_type, stream_id, owner, leased_until, delivered_through, not_before, deliveries,"
    "  is_parked, reason, array_to_string(ARRAY(SELECT position FROM sealstream.group_events AS e"
    "    WHERE e.ledger = s.ledger AND e.group_name = s.group_name"
    "      AND e.stream_type = s.stream_type AND e.stream_id = s.stream_id"
    "    ORDER BY position LIMIT $3), ' ')"
    " FROM sealstream.group_streams AS s WHERE ledger = $1 AND group_name = $2";
constexpr const char* which_are_expired = " AND owner <> 0 AND leased_until <= $4 LIMIT $5";
constexpr const char* which_are_free =
    " AND owner = 0 AND NOT is_parked AND not_before <= $4 ORDER BY first_position LIMIT $3";
constexpr const char* which_are_owned = " AND owner = $4";
constexpr const char* which_is_parked = " AND is_parked AND stream_type = $4 AND stream_id = $5";

constexpr const char* remove_events =
    "DELETE FROM sealstream.group_events AS e"
    " USING unnest($3::text[], $4::text[], $5::bigint[]) AS gone (type, id, position)"
    " WHERE e.ledger = $1 AND e.group_name = $2 AND e.stream_type = gone.type"
    "   AND e.stream_id = gone.id AND e.position = gone.position";
constexpr const char* update_streams =
    "UPDATE sealstream.group_streams AS s SET first_position = w.first_position, owner = w.owner,"
    "  leased_until = w.leased_until, delivered_through = w.delivered_through,"
    "  not_before = w.not_before, deliveries = w.deliveries, is_parked = w.is_parked,"
    "  reason = w.reason"
    " FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],"
    "   $9::bigint[], $10::integer[], $11::boolean[], $12::text[]) AS w (type, id, first_position,"
    "   owner, leased_until, delivered_through, not_before, deliveries, is_parked, reason)"
    " WHERE s.ledger = $1 AND s.group_name = $2 AND s.stream_type = w.type AND s.stream_id = w.id";
constexpr const char* remove_streams =
    "DELETE FROM sealstream.group_streams AS s USING unnest($3::text[], $4::text[]) AS w (type, id)"
    " WHERE s.ledger = $1 AND s.group_name = $2 AND s.stream_type = w.type AND s.stream_id = w.id";
constexpr const char* next_token = "SELECT nextval('sealstream.group_tokens')";

constexpr const char* insert_claimed =
    "INSERT INTO sealstream.group_events (ledger, group_name, stream_type, stream_id, position,"
    "  ingested)"
    " SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[])";
constexpr const char* insert_streams =
    "INSERT INTO sealstream.group_streams (ledger, group_name, stream_type, stream_id,"
    "  first_position)"
    " SELECT $1, $2, type, id, min(position)"
    " FROM unnest($3::text[], $4::text[], $5::bigint[]) AS e (type, id, position) GROUP BY type, id"
    " ON CONFLICT DO NOTHING";
constexpr const char* move_cursor =
    "UPDATE sealstream.groups SET cursor = $3 WHERE ledger = $1 AND name = $2";
constexpr const char* select_held =
    "SELECT"
    " (SELECT count(*) FROM (SELECT FROM sealstream.group_streams AS s"
    "    JOIN sealstream.group_events AS e USING (ledger, group_name, stream_type, stream_id)"
    "    WHERE s.ledger = $1 AND s.group_name = $2 AND NOT s.is_parked LIMIT $3) AS waiting),"
    " (SELECT count(*) FROM (SELECT FROM sealstream.group_events"
    "    WHERE ledger = $1 AND group_name = $2 LIMIT $4) AS held)";

constexpr const char* counts =
    "SELECT count(*) FILTER (WHERE NOT s.is_parked), count(*),"
    "  min(e.ingested) FILTER (WHERE NOT s.is_parked),"
    "  (SELECT count(*) FROM sealstream.group_streams WHERE ledger = $1 AND group_name = $2"
    "    AND owner <> 0),"
    "  (SELECT count(*) FROM sealstream.group_streams WHERE ledger = $1 AND group_name = $2"
    "    AND is_parked),"
    "  (extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 1000"
    " FROM sealstream.group_events AS e"
    " JOIN sealstream.group_streams AS s USING (ledger, group_name, stream_type, stream_id)"
    " WHERE e.ledger = $1 AND e.group_name = $2";

constexpr const char* parked =
    "SELECT stream_type, stream_id, first_position, deliveries, reason,"
    "  (SELECT count(*) FROM sealstream.group_events AS e WHERE e.ledger = s.ledger"
    "    AND e.group_name = s.group_name AND e.stream_type = s.stream_type"
    "    AND e.stream_id = s.stream_id)"
    " FROM sealstream.group_streams AS s WHERE ledger = $1 AND group_name = $2 AND is_parked"
    " ORDER BY first_position LIMIT $3";

constexpr std::size_t owned_events_max = 1'001; // more than a claim may hold: one stays in sight

std::string text_of(GroupTime time)
{
    return std::to_string(time.time_since_epoch().count());
}

GroupTime time_in(const SqlResult& answer, std::size_t row, std::size_t column)
{
    return GroupTime{std::chrono::microseconds{answer.integer(row, column)}};
}

std::uint64_t natural(const SqlResult& answer, std::size_t row, std::size_t column)
{
    return static_cast<std::uint64_t>(answer.integer(row, column));
}

std::vector<Position> positions_in(std::string_view text)
{
    std::vector<Position> positions;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        std::uint64_t value = 0;
        at = std::from_chars(at, end, value).ptr;
        positions.push_back(Position{value});
        at += at == end ? 0 : 1;
    }
    return positions;
}

Result<std::vector<StreamWork>> load(Connection& connection, const char* which, SqlValues values)
{
    SEAL_TRY(answer, connection.run(std::string{select_streams} + which, values));
    std::vector<StreamWork> works;
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        works.push_back(
            {StreamName{std::string{answer.text(row, 0)}, std::string{answer.text(row, 1)}},
             positions_in(answer.text(row, 9)), natural(answer, row, 2), time_in(answer, row, 3),
             Position{natural(answer, row, 4)}, time_in(answer, row, 5),
             static_cast<unsigned>(answer.integer(row, 6)), answer.boolean(row, 7),
             std::string{answer.text(row, 8)}});
    }
    return works;
}

Result<GroupRow> group_from(Connection& connection, const GroupKey& key, const std::string& sql)
{
    SEAL_TRY(answer, connection.run(sql, {key.ledger, key.name}));
    if (answer.rows() != 1) {
        return Error{Errc::not_found, "there is no group " + key.name};
    }
    SEAL_TRY(filter, parse_group_filter(answer.text(0, 0)));
    SEAL_TRY(now, connection.run(select_group_now));
    return GroupRow{std::move(filter), Position{natural(answer, 0, 1)},
                    std::chrono::milliseconds{answer.integer(0, 2)},
                    static_cast<unsigned>(answer.integer(0, 3)), time_in(now, 0, 0)};
}

// Columns of rows, as arrays.
struct StreamColumns {
    std::vector<std::string> types, ids, firsts, owners, leases, delivered, not_before, deliveries,
        parked, reasons;

    void add(const StreamWork& work)
    {
        types.push_back(work.stream.type);
        ids.push_back(work.stream.id);
        firsts.push_back(std::to_string(work.events.front().value));
        owners.push_back(std::to_string(work.owner));
        leases.push_back(text_of(work.leased_until));
        delivered.push_back(std::to_string(work.delivered_through.value));
        not_before.push_back(text_of(work.not_before));
        deliveries.push_back(std::to_string(work.deliveries));
        parked.emplace_back(work.is_parked ? "t" : "f");
        reasons.push_back(work.reason);
    }
};

} // namespace

Result<bool> upsert_group(Connection& connection, const std::string& ledger,
                          const GroupDefinition& definition, Position head)
{
    SEAL_TRY(answer,
             connection.run(store_group, {ledger, definition.name, to_json(definition.filter),
                                          std::to_string(definition.start.value_or(head).value),
                                          std::to_string(definition.lease.count()),
                                          std::to_string(definition.deliveries_max)}));
    return answer.boolean(0, 0);
}

Result<void> delete_group(Connection& connection, const GroupKey& key)
{
    SEAL_TRY(removed, connection.run(remove, {key.ledger, key.name}));
    if (removed.rows_affected() == 0) {
        return Error{Errc::not_found, "there is no group " + key.name};
    }
    return {};
}

Result<std::vector<std::string>> select_groups(Connection& connection, const std::string& ledger)
{
    SEAL_TRY(answer, connection.run(list, {ledger}));
    std::vector<std::string> names;
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        names.emplace_back(answer.text(row, 0));
    }
    return names;
}

Result<GroupRow> lock_group(Connection& connection, const GroupKey& key)
{
    return group_from(connection, key, std::string{select_group} + lock_row);
}

Result<GroupRow> read_group(Connection& connection, const GroupKey& key)
{
    return group_from(connection, key, select_group);
}

Result<std::vector<StreamWork>> load_expired(Connection& connection, const GroupKey& key,
                                             GroupTime now, std::size_t streams_max)
{
    return load(connection, which_are_expired,
                {key.ledger, key.name, "1", text_of(now), std::to_string(streams_max)});
}

Result<std::vector<StreamWork>> load_free(Connection& connection, const GroupKey& key,
                                          GroupTime now, std::size_t events_max)
{
    return load(connection, which_are_free,
                {key.ledger, key.name, std::to_string(events_max), text_of(now)});
}

Result<std::vector<StreamWork>> load_owned(Connection& connection, const GroupKey& key,
                                           GroupToken token)
{
    return load(connection, which_are_owned,
                {key.ledger, key.name, std::to_string(owned_events_max), std::to_string(token)});
}

Result<StreamWork> load_parked(Connection& connection, const GroupKey& key,
                               const StreamName& stream)
{
    SEAL_TRY(works, load(connection, which_is_parked,
                         {key.ledger, key.name, "2", stream.type, stream.id}));
    if (works.empty()) {
        return Error{Errc::not_found, stream.to_string() + " is not parked"};
    }
    return std::move(works.front());
}

Result<void> save(Connection& connection, const GroupKey& key,
                  const std::vector<StreamWork>& before, const std::vector<StreamWork>& after)
{
    StreamColumns changed;
    std::vector<std::string> ended_types;
    std::vector<std::string> ended_ids;
    std::vector<std::string> types;
    std::vector<std::string> ids;
    std::vector<std::string> positions;
    for (std::size_t at = 0; at < after.size(); ++at) {
        const StreamWork& work = after[at];
        if (work == before[at]) {
            continue;
        }
        const std::size_t settled = before[at].events.size() - work.events.size();
        for (std::size_t number = 0; number < settled; ++number) {
            types.push_back(work.stream.type);
            ids.push_back(work.stream.id);
            positions.push_back(std::to_string(before[at].events[number].value));
        }
        if (work.events.empty()) {
            ended_types.push_back(work.stream.type);
            ended_ids.push_back(work.stream.id);
        } else {
            changed.add(work);
        }
    }
    if (!positions.empty()) {
        SEAL_TRY(removed, connection.run(remove_events, {key.ledger, key.name, sql_array(types),
                                                         sql_array(ids), sql_array(positions)}));
    }
    if (!ended_types.empty()) {
        SEAL_TRY(ended,
                 connection.run(remove_streams, {key.ledger, key.name, sql_array(ended_types),
                                                 sql_array(ended_ids)}));
    }
    if (!changed.types.empty()) {
        SEAL_TRY(
            updated,
            connection.run(update_streams,
                           {key.ledger, key.name, sql_array(changed.types), sql_array(changed.ids),
                            sql_array(changed.firsts), sql_array(changed.owners),
                            sql_array(changed.leases), sql_array(changed.delivered),
                            sql_array(changed.not_before), sql_array(changed.deliveries),
                            sql_array(changed.parked), sql_array(changed.reasons)}));
    }
    return {};
}

Result<GroupToken> new_token(Connection& connection)
{
    SEAL_TRY(answer, connection.run(next_token));
    return natural(answer, 0, 0);
}

Result<void> add_events(Connection& connection, const GroupKey& key, Position cursor,
                        const std::vector<FoundEvent>& events)
{
    std::vector<std::string> types;
    std::vector<std::string> ids;
    std::vector<std::string> positions;
    std::vector<std::string> ingested;
    for (const FoundEvent& event : events) {
        types.push_back(event.stream.type);
        ids.push_back(event.stream.id);
        positions.push_back(std::to_string(event.position.value));
        ingested.push_back(std::to_string(event.ingested.nanoseconds));
    }
    SEAL_TRY(streams, connection.run(insert_streams, {key.ledger, key.name, sql_array(types),
                                                      sql_array(ids), sql_array(positions)}));
    SEAL_TRY(added,
             connection.run(insert_claimed, {key.ledger, key.name, sql_array(types), sql_array(ids),
                                             sql_array(positions), sql_array(ingested)}));
    SEAL_TRY(moved,
             connection.run(move_cursor, {key.ledger, key.name, std::to_string(cursor.value)}));
    return {};
}

Result<GroupHeld> count_held(Connection& connection, const GroupKey& key, std::uint64_t waiting_max,
                             std::uint64_t all_max)
{
    SEAL_TRY(answer, connection.run(select_held, {key.ledger, key.name, std::to_string(waiting_max),
                                                  std::to_string(all_max)}));
    return GroupHeld{natural(answer, 0, 0), natural(answer, 0, 1)};
}

Result<GroupCounts> count_work(Connection& connection, const GroupKey& key)
{
    SEAL_TRY(answer, connection.run(counts, {key.ledger, key.name}));
    GroupCounts work;
    work.waiting_events = natural(answer, 0, 0);
    work.all_events = natural(answer, 0, 1);
    if (!answer.is_null(0, 2)) {
        work.oldest = WallTime{answer.integer(0, 2)};
    }
    work.leased_streams = natural(answer, 0, 3);
    work.parked_streams = natural(answer, 0, 4);
    work.now = WallTime{answer.integer(0, 5)};
    return work;
}

Result<std::vector<ParkedStream>> select_parked_streams(Connection& connection, const GroupKey& key,
                                                        std::size_t streams_max)
{
    SEAL_TRY(answer, connection.run(parked, {key.ledger, key.name, std::to_string(streams_max)}));
    std::vector<ParkedStream> streams;
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        streams.push_back(
            {StreamName{std::string{answer.text(row, 0)}, std::string{answer.text(row, 1)}},
             Position{natural(answer, row, 2)}, static_cast<unsigned>(answer.integer(row, 3)),
             natural(answer, row, 5), std::string{answer.text(row, 4)}});
    }
    return streams;
}

} // namespace sealstream
