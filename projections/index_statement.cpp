#include "projections/postgres_event_index.hpp"
#include "projections/words.hpp"

#include <algorithm>

namespace sealstream {

namespace {

std::string select_from(const std::string& table)
{
    return "SELECT position, ingested_nanos, id, type, source, actor, time_nanos, key,"
           " coalesce(data_exact, data::text), coalesce(meta_exact, meta::text), stream_type,"
           " stream_id, version, data_exact IS NULL, meta_exact IS NULL, skipped, expired FROM " +
           table;
}

class StatementBuilder {
public:
    explicit StatementBuilder(const std::string& table) : statement_{select_from(table), {}} {}

    // `condition` has a ? where the value goes.
    void add(std::string_view condition, std::string value)
    {
        statement_.values.emplace_back(std::move(value));
        const std::size_t place = condition.find('?');
        join();
        statement_.sql.append(condition.substr(0, place));
        statement_.sql += "$" + std::to_string(statement_.values.size());
        statement_.sql.append(condition.substr(place + 1));
    }

    void add_if(std::string_view condition, const std::string& value)
    {
        if (!value.empty()) {
            add(condition, value);
        }
    }

    // Any of these; a trailing * makes a prefix, as a range of bytes, which the index serves.
    void add_types(const std::vector<std::string>& types)
    {
        std::vector<std::string> exact;
        std::string alternatives;
        for (const std::string& type : types) {
            if (type.empty() || type.back() != '*') {
                exact.push_back(type);
                continue;
            }
            const std::string prefix = type.substr(0, type.size() - 1);
            // Event types are ASCII, so DEL is above all that may follow.
            alternatives +=
                " OR (type >= " + bind(prefix) + " AND type < " + bind(prefix + "\x7f") + ")";
        }
        const std::string all =
            "type = ANY (" + bind(sql_array(exact)) + "::text[])" + alternatives;
        join();
        statement_.sql += "(" + all + ")";
    }

    // Every type that there is, found by hopping from one to the next through the index by stream,
    // which begins with the type: so that a stream id alone need not read the whole table.
    void add_any_stream_type(const std::string& table)
    {
        const std::string next = "SELECT stream_type FROM " + table;
        join();
        statement_.sql +=
            "stream_type = ANY (ARRAY(WITH RECURSIVE types(name) AS ((" + next +
            " ORDER BY stream_type LIMIT 1) UNION ALL SELECT (" + next +
            " WHERE stream_type > name ORDER BY stream_type LIMIT 1) FROM types"
            " WHERE name IS NOT NULL) SELECT name FROM types WHERE name IS NOT NULL))";
    }

    void finish(bool is_descending, std::size_t events_max)
    {
        statement_.sql += is_descending ? " ORDER BY position DESC" : " ORDER BY position";
        statement_.sql += " LIMIT " + bind(std::to_string(events_max));
    }

    [[nodiscard]] IndexStatement take() { return std::move(statement_); }

private:
    std::string bind(std::string value)
    {
        statement_.values.emplace_back(std::move(value));
        return "$" + std::to_string(statement_.values.size());
    }

    void join()
    {
        statement_.sql += has_condition_ ? " AND " : " WHERE ";
        has_condition_ = true;
    }

    IndexStatement statement_;
    bool has_condition_{false};
};

bool has_nul(const EventQuery& query)
{
    const auto holds = [](const std::string& text) { return text.find('\0') != std::string::npos; };
    return std::any_of(query.types.begin(), query.types.end(), holds) || holds(query.stream_type) ||
           holds(query.stream_id) || holds(query.source) || holds(query.actor) ||
           holds(query.category) || holds(query.key);
}

Result<void> check(const EventQuery& query)
{
    if (query.types.size() > query_types_max) {
        return Error{Errc::malformed, "too many types"};
    }
    if (has_nul(query)) {
        return Error{Errc::malformed, "a NUL character in a filter"};
    }
    return {};
}

} // namespace

IndexStatement find_statement(const std::string& table, const EventId& id)
{
    return {select_from(table) + " WHERE id = $1", {id.to_string()}};
}

Result<IndexStatement> index_statement(const std::string& table, const EventQuery& query)
{
    const auto checked = check(query);
    if (!checked) {
        return checked.error();
    }
    StatementBuilder builder{table};
    if (!query.is_descending) {
        builder.add("position > ?", std::to_string(query.after.value));
    } else if (query.after.value != 0) {
        builder.add("position < ?", std::to_string(query.after.value));
    }
    if (!query.types.empty()) {
        builder.add_types(query.types);
    }
    builder.add_if("stream_type = ?", query.stream_type);
    if (query.stream_type.empty() && !query.stream_id.empty()) {
        builder.add_any_stream_type(table);
    }
    builder.add_if("stream_id = ?", query.stream_id);
    builder.add_if("source = ?", query.source);
    builder.add_if("actor <> '' AND actor = ?", query.actor); // the index leaves empty ones out
    builder.add_if("category = ?", query.category);
    builder.add_if("key <> '' AND key = ?", query.key);
    if (query.from_time) {
        builder.add("at_nanos >= ?", std::to_string(query.from_time->nanoseconds));
    }
    if (query.to_time) {
        builder.add("at_nanos < ?", std::to_string(query.to_time->nanoseconds));
    }
    const auto words = words_of_text(query.search);
    if (words.empty() && !query.search.empty()) {
        return Error{Errc::malformed, "no word to search for"}; // it must not find everything
    }
    if (words.size() > query_search_words_max) {
        return Error{Errc::malformed, "too many words to search"};
    }
    if (!words.empty()) {
        builder.add("words @> ?::text[] COLLATE \"C\"", sql_array(words));
    }
    builder.finish(query.is_descending,
                   std::clamp<std::size_t>(query.events_max, 1, query_events_max));
    return builder.take();
}

} // namespace sealstream
