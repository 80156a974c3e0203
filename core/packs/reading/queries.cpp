#include "core/packs/pack_names.hpp"
#include "core/packs/reading/sections.hpp"

namespace sealstream {

namespace {

using Roots = std::vector<std::string>;

constexpr std::uint32_t page_rows_max = 10'000;
constexpr std::size_t paging_columns_max = 4;

PackPaging read_paging(Reading& reading, const DocumentNode& node)
{
    PackPaging made;
    MapReader map{reading, node, "page"};
    if (const auto* key = map.need("key")) {
        each_named(reading, key, "columns", [&](const auto& member) {
            made.key.push_back({member.key, read_type(reading, member.value)});
        });
        if (made.key.empty() || made.key.size() > paging_columns_max) {
            reading.fail(*key,
                         "must be one to " + std::to_string(paging_columns_max) +
                             " columns with their types",
                         "such as {position: position}");
        }
    }
    if (const auto* limit = map.take("limit")) {
        made.limit = reading.whole(*limit, 1, page_rows_max);
    }
    if (const auto* most = map.take("limit_max")) {
        made.limit_max = reading.whole(*most, 1, page_rows_max);
    }
    if (made.limit > made.limit_max) {
        reading.fail(node, "limit is above limit_max");
    }
    map.finish();
    return made;
}

void read_source(Reading& reading, MapReader& map, PackQuery& query)
{
    if (const auto* node = map.take("from")) {
        query.source = static_cast<QuerySource>(
            reading.choice(*node, {"sql", "events", "event", "stream_events", "verify_stream",
                                   "verify_ledger", "status"}));
    }
    if (const auto* node = map.take("with")) {
        query.arguments = reading.json_template(*node, Roots{"path", "query", "caller", "now"});
        check_places(reading, *node, *query.arguments, query.parameters);
        if (query.source == QuerySource::sql) {
            reading.fail(*node, "SQL takes no `with`", "use :name in the SQL");
        }
    }
}

void read_sql(Reading& reading, MapReader& map, PackQuery& query)
{
    SqlNames names = route_names(query.parameters);
    if (query.paging) {
        names.insert_or_assign("limit", "bigint");
        for (const auto& column : query.paging->key) {
            names.insert_or_assign("after_" + column.column, sql_type(column.type));
        }
    }
    if (query.source != QuerySource::sql) {
        names.insert_or_assign("found", "jsonb");
    }
    const auto* node = query.source == QuerySource::sql ? map.need("sql") : map.take("sql");
    if (node == nullptr) {
        return;
    }
    query.sql = reading.sql(*node, SqlUse::query, names);
    const auto& used = query.sql.parameters;
    const bool is_limited = std::find(used.begin(), used.end(), "limit") != used.end();
    if (query.paging && query.source == QuerySource::sql && !is_limited &&
        !query.sql.text.empty()) {
        reading.fail(*node, "pages need LIMIT :limit");
    }
}

void read_response(Reading& reading, MapReader& above, PackQuery& query)
{
    const auto* node = above.take("response");
    if (node == nullptr) {
        return;
    }
    MapReader map{reading, *node, "response"};
    if (const auto* shape = map.take("shape")) {
        query.shape =
            static_cast<ResponseShape>(reading.choice(*shape, {"list", "object", "scalar"}));
    }
    if (const auto* row = map.take("row")) {
        query.row = reading.json_template(*row, Roots{"row", "path", "query"});
        check_places(reading, *row, *query.row, query.parameters);
    }
    if (const auto* body = map.take("body")) {
        query.body = reading.json_template(
            *body, Roots{"rows", "row", "count", "next", "position", "path", "query"});
        check_places(reading, *body, *query.body, query.parameters);
    }
    if (const auto* status = map.take("status")) {
        query.status = static_cast<int>(reading.whole(*status, 200, 299));
    }
    map.finish();
}

PackQuery read_query(Reading& reading, const DocumentMember& member)
{
    PackQuery made{.name = member.key};
    MapReader map{reading, member.value, "query " + member.key};
    RouteText route;
    if (const auto* node = map.need("route")) {
        route = read_route(reading, *node, {"GET", "POST"});
    }
    made.method = route.method;
    made.route = route.path;
    if (const auto* node = map.take("summary")) {
        made.summary = reading.text(*node);
    }
    made.role = read_role(reading, map.take("role"), PackRole::reader);
    made.parameters = read_parameters(reading, map.take("parameters"), route);
    if (const auto* node = map.take("page")) {
        made.paging = read_paging(reading, *node);
    }
    read_source(reading, map, made);
    read_sql(reading, map, made);
    read_response(reading, map, made);
    if (const auto* node = map.take("etag")) {
        made.has_etag = reading.boolean(*node);
    }
    if (const auto* node = map.take("as_of")) {
        made.has_as_of = reading.boolean(*node);
        if (made.has_as_of && made.source != QuerySource::sql) {
            reading.fail(*node, "only SQL alone can be read as of a position",
                         "leave it out where there is `from`");
        }
    }
    made.has_as_of = made.has_as_of && made.source == QuerySource::sql;
    map.finish();
    if (made.paging && made.shape != ResponseShape::list) {
        reading.fail(member.place, "only a list has pages");
    }
    return made;
}

} // namespace

void read_queries(Reading& reading, MapReader& top, Pack& pack)
{
    each_named(reading, top.take("queries"), "queries",
               [&](const auto& member) { pack.queries.push_back(read_query(reading, member)); });
}

} // namespace sealstream
