// A query of a pack: its route, its parameters, its SQL, or what the ledger knows.
//
//   200  (or the status that the pack says) rows in the shape that the pack says;
//   Sealstream-Position
//        and ETag tell how much of the log they show
//   304  If-None-Match: nothing was folded since
//   400  a parameter is unknown, missing or does not fit; "parameter" names it
//   404  an object or scalar without a row
//   409  as_of_too_far: as-of needs more events folded than are allowed
//   503  projection_behind: less than min-position is folded; timed_out, overloaded, unavailable

#include "core/event/canonical_json.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/packs/as_of.hpp"
#include "node/http/packs/json_output.hpp"
#include "node/http/packs/pack_handlers.hpp"
#include "node/http/packs/pack_reads.hpp"
#include "node/http/packs/pack_scope.hpp"
#include "node/http/packs/pack_sources.hpp"
#include "node/http/packs/page_cursor.hpp"
#include "node/http/packs/served_packs.hpp"
#include "node/http/problem.hpp"

#include <boost/json/array.hpp>

namespace sealstream::http {

namespace {

namespace json = boost::json;

struct Asked {
    ParameterValues values;
    PackReadWish wish;
    std::optional<Position> as_of{};
    std::uint32_t limit{0}; // of a page
    std::string tag;        // of its cursor
};

std::vector<std::string_view> reserved_names(const PackQuery& query)
{
    std::vector<std::string_view> names{"min-position", "wait"};
    if (query.paging) {
        names.insert(names.end(), {"after", "limit"});
    }
    if (query.has_as_of) {
        names.emplace_back("as-of");
    }
    return names;
}

Result<void> take_page(const PackPaging& paging, const Query& query, Asked& asked)
{
    PackParameter limit;
    limit.name = "limit";
    limit.type = ParameterType::integer;
    limit.least = 1;
    limit.most = paging.limit_max;
    asked.limit = paging.limit;
    if (query.has("limit")) {
        SEAL_TRY(value, parse_parameter(limit, query.get("limit")));
        asked.limit = static_cast<std::uint32_t>(value.json.as_int64());
    }
    // One more than is shown tells whether a page follows.
    asked.values.sql.insert_or_assign("limit", PackValue{std::to_string(asked.limit + 1)});
    return take_cursor(paging, asked.tag, query.get("after"), asked.values.sql);
}

Result<Asked> parse_request(const RequestContext& request, const PackEndpoint& endpoint,
                            const Query& query, std::optional<Position> as_of)
{
    const PackQuery& wanted = *endpoint.query;
    Asked asked;
    asked.as_of = as_of;
    SEAL_TRY(wish, parse_read_wish(request, query));
    asked.wish = wish;
    if (as_of) { // what the tables do not show yet has no past either
        asked.wish.min_position = std::max(wish.min_position, *as_of);
        asked.wish.is_lenient = false;
    }
    SEAL_TRY(values, parse_parameters(request, query, wanted.parameters, reserved_names(wanted)));
    asked.values = std::move(values);
    add_caller(asked.values.sql, request, endpoint.pack());
    asked.tag = cursor_tag(endpoint.name, query, request.head().path(), as_of);
    if (wanted.paging) {
        SEAL_TRY_VOID(take_page(*wanted.paging, query, asked));
        asked.values.query["limit"] = asked.limit;
    }
    for (const auto* const own : {"after", "wait"}) {
        if (query.has(own)) {
            asked.values.query[own] = query.get(own);
        }
    }
    return asked;
}

std::string next_link(const RequestContext& request, const Query& query, const Asked& asked,
                      const std::string& next)
{
    std::string target{request.head().path()};
    target.append("?after=").append(next);
    if (asked.as_of) { // also where a time was given: it need not be looked up again
        target.append("&as-of=").append(std::to_string(asked.as_of->value));
    }
    for (const auto& [name, value] : query.parameters()) {
        if (name != "after" && name != "min-position" && name != "as-of") {
            target.append("&").append(percent_encode(name)).append("=");
            target.append(percent_encode(value));
        }
    }
    return "<" + target + ">; rel=\"next\"";
}

// The rows as the pack wants each of them.
Result<json::array> shape_rows(const PackQuery& query, const PackRows& rows,
                               const json::object& scope)
{
    json::array shaped;
    shaped.reserve(rows.rows.size());
    json::object inner = scope;
    for (const std::string& row : rows.rows) {
        SEAL_TRY(value, parse_json(row, {128, row.size()}));
        if (query.row) {
            inner["row"] = std::move(value);
            SEAL_TRY(made, query.row->render(inner));
            value = std::move(made);
        }
        shaped.push_back(std::move(value));
    }
    return shaped;
}

Result<std::string> shape_body(const PackQuery& query, const PackRows& rows,
                               const std::string& next, json::object scope)
{
    SEAL_TRY(all, shape_rows(query, rows, scope));
    std::string body;
    if (query.body) {
        scope["count"] = rows.rows.size();
        scope["next"] = next.empty() ? json::value{} : json::value(next);
        scope["position"] = std::to_string(rows.reached.value);
        if (!all.empty()) {
            scope["row"] = all.front();
        }
        scope["rows"] = std::move(all);
        SEAL_TRY(made, query.body->render(scope));
        append_json(body, made);
    } else if (query.shape != ResponseShape::list) {
        append_json(body, all.front());
    } else {
        append_json(body, json::value(std::move(all)));
    }
    return body;
}

// As SQL has written it, without reading it again.
std::string plain_body(const PackQuery& query, const PackRows& rows, const std::string& next)
{
    if (query.shape != ResponseShape::list) {
        return rows.rows.front();
    }
    std::string body{query.paging ? "{\"rows\":[" : "["};
    bool is_first = true;
    for (const std::string& row : rows.rows) {
        body.append(is_first ? "" : ",").append(row);
        is_first = false;
    }
    body.append("]");
    if (query.paging) {
        body.append(",\"next\":").append(next.empty() ? "null" : "\"" + next + "\"").append("}");
    }
    return body;
}

Result<PackQuestion> make_question(const Services& services, const PackQuery& query,
                                   const Asked& asked)
{
    PackQuestion question;
    question.sql = query.sql.text;
    SEAL_TRY(values, bind_values(query.sql, asked.values.sql));
    question.values = std::move(values);
    question.is_scalar = query.shape == ResponseShape::scalar && !query.row && !query.body;
    question.time_max = services.limits.pack_query_time_max;
    question.bytes_max = services.limits.page_bytes_max;
    question.rows_max = query.shape != ResponseShape::list ? 1
                        : query.paging                     ? asked.limit
                                                           : services.limits.pack_rows_max;
    return question;
}

Result<Response> make_response(const RequestContext& request, const Query& query,
                               const Asked& asked, const PackRows& rows)
{
    const PackEndpoint& endpoint = *request.endpoint;
    const PackQuery& wanted = *endpoint.query;
    const bool is_single = wanted.shape != ResponseShape::list;
    if (is_single && rows.rows.empty()) {
        return Error{Errc::not_found, endpoint.name + " has found nothing"};
    }
    if (!is_single && !wanted.paging && rows.has_more) {
        return Error{Errc::internal, "more than " + std::to_string(rows.rows.size()) +
                                         " rows: the query of the pack needs pages"};
    }
    std::string next;
    if (wanted.paging && rows.has_more) {
        SEAL_TRY(cursor, make_cursor(*wanted.paging, asked.tag, rows.rows.back()));
        next = std::move(cursor);
    }
    Response response;
    response.status = wanted.status;
    if (wanted.row || wanted.body) {
        SEAL_TRY(body, shape_body(wanted, rows, next,
                                  make_scope(request, endpoint.pack(), asked.values)));
        response.body = std::move(body);
    } else {
        response.body = plain_body(wanted, rows, next);
    }
    response.body.push_back('\n');
    if (!next.empty()) {
        response.header("Link", next_link(request, query, asked, next));
    }
    return response;
}

// jsonb has no NUL; as in folds, U+FFFD stands for it.
std::string without_nul(std::string_view text)
{
    constexpr std::string_view nul = "\\u0000";
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const bool is_nul = text.starts_with(nul);
        const std::size_t taken = is_nul ? nul.size() : text.front() == '\\' ? 2U : 1U;
        clean.append(is_nul ? std::string_view{"\\ufffd"} : text.substr(0, taken));
        text.remove_prefix(std::min(taken, text.size()));
    }
    return clean;
}

// What was found, as rows.
PackRows rows_of(const SourceAnswer& found)
{
    PackRows rows;
    rows.reached = found.reached;
    if (const auto* list = found.value.if_array()) {
        for (const auto& item : *list) {
            append_json(rows.rows.emplace_back(), item);
        }
    } else {
        append_json(rows.rows.emplace_back(), found.value);
    }
    return rows;
}

// A state of the past never changes; the tables of now may, though they stand at the same position.
std::string query_tag(const RequestContext& request, const Asked& asked, Position reached)
{
    const Pack& pack = request.endpoint->pack();
    if (!asked.as_of) {
        return entity_tag(request, pack, reached);
    }
    auto tag = entity_tag(request, pack, *asked.as_of);
    return tag.insert(tag.size() - 1, "-as-of");
}

Task<Response> answer_with_sql(RequestContext& request, Query query, Asked asked)
{
    auto& services = request.services();
    const PackEndpoint& endpoint = *request.endpoint;
    const bool is_tagged = endpoint.query->has_etag && endpoint.query->source == QuerySource::sql;
    auto reach = co_await reach_pack(services, endpoint.of, asked.wish);
    if (reach.refusal) {
        co_return *std::move(reach.refusal);
    }
    const auto tag = query_tag(request, asked, reach.served);
    if (is_tagged && request.field("if-none-match") == tag) {
        Response unchanged;
        unchanged.status = 304;
        set_caching(unchanged, Caching::revalidate);
        unchanged.header("ETag", tag);
        tell_position(unchanged, asked.as_of.value_or(reach.served), asked.wish.min_position);
        co_return unchanged;
    }
    auto question = make_question(services, *endpoint.query, asked);
    if (!question) {
        co_return problem(question.error());
    }
    question->at_least = reach.served;
    question->as_of = asked.as_of;
    const auto rows = co_await endpoint.of.reader->read(*std::move(question));
    if (!rows) {
        co_return asked.as_of ? as_of_problem(endpoint, rows.error())
                              : read_problem(endpoint, rows.error());
    }
    auto made = make_response(request, query, asked, *rows);
    if (!made) {
        co_return problem(made.error());
    }
    auto response = *std::move(made);
    set_caching(response, Caching::revalidate);
    if (is_tagged) {
        response.header("ETag", query_tag(request, asked, rows->reached));
    }
    tell_position(response, rows->reached, asked.wish.min_position);
    co_return response;
}

// From what the ledger itself knows; SQL may shape it.
Task<Response> answer_from_source(RequestContext& request, Query query, Asked asked)
{
    const PackEndpoint& endpoint = *request.endpoint;
    json::object arguments;
    if (endpoint.query->arguments) {
        const auto scope = make_scope(request, endpoint.pack(), asked.values);
        const auto given = endpoint.query->arguments->render(scope);
        if (!given || !given->is_object()) {
            co_return given ? problem(Error{Errc::internal, "arguments are an object"})
                            : bad_input(given.error());
        }
        arguments = given->get_object();
    }
    const auto found =
        co_await find_source(request.services(), endpoint.query->source, std::move(arguments));
    if (!found) {
        co_return found.error().code == Errc::malformed ? bad_input(found.error())
                                                        : problem(found.error());
    }
    if (!endpoint.query->sql.text.empty()) {
        asked.values.sql.insert_or_assign("found",
                                          PackValue{without_nul(to_canonical_json(found->value))});
        co_return co_await answer_with_sql(request, std::move(query), std::move(asked));
    }
    auto made = make_response(request, query, asked, rows_of(*found));
    if (!made) {
        co_return problem(made.error());
    }
    auto response = *std::move(made);
    set_caching(response, Caching::none);
    tell_position(response, found->reached, Position{});
    co_return response;
}

} // namespace

Task<Response> answer_query(RequestContext& request)
{
    auto query = request.query();
    if (!query) {
        co_return bad_input(query.error());
    }
    std::string as_of;
    if (request.endpoint->query->has_as_of) {
        as_of = query->get("as-of");
    }
    const auto position = co_await resolve_as_of(request.services(), std::move(as_of));
    if (!position) {
        co_return position.error().code == Errc::malformed ? bad_input(position.error())
                                                           : problem(position.error());
    }
    auto asked = parse_request(request, *request.endpoint, *query, *position);
    if (!asked) {
        co_return bad_input(asked.error());
    }
    if (request.endpoint->query->source != QuerySource::sql) {
        co_return co_await answer_from_source(request, *std::move(query), *std::move(asked));
    }
    co_return co_await answer_with_sql(request, *std::move(query), *std::move(asked));
}

} // namespace sealstream::http
