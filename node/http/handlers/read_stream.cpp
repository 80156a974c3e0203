// GET /v1/streams/{type}/{id}/events
//
// ?after=<version>&limit=<events>&wait=<seconds>   one stream in order; next is the after of the
// following page Accept: application/x-ndjson                     all of it as lines, with a
// trailer Accept: text/event-stream                        as GET /v1/feed?stream=…; there, cursors
// are positions
//
//   200  a page, from the log itself: what was appended before is there. ETag distinguishes pages;
//        Sealstream-Version is the version of the last event in it
//   304  If-None-Match names this very page
//   400  a name or parameter is malformed
//   404  the stream has no events, and none came while waiting

#include "node/feeds/event_json.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/handlers/streaming.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

namespace {

Task<Response> follow_stream(RequestContext& request, StreamName stream, Query query,
                             EventFormat format)
{
    const auto cursor = co_await feed_cursor(request, query.get("after"));
    if (!cursor) {
        co_return cursor.error().code == Errc::malformed ? bad_input(cursor.error())
                                                         : problem(cursor.error());
    }
    FeedFilter filter;
    filter.stream_type = std::move(stream.type);
    filter.stream_id = std::move(stream.id);
    co_return feed_answer(request, {request.caller_ptr(), *cursor, std::move(filter), format});
}

} // namespace

Task<Response> read_stream(RequestContext& request)
{
    auto& services = request.services();
    const auto stream = request.stream_name();
    if (!stream) {
        co_return bad_input(stream.error());
    }
    auto query = request.query();
    if (!query) {
        co_return bad_input(query.error());
    }
    const auto format = event_format(request, *query);
    if (!format) {
        co_return bad_input(format.error());
    }
    if (request.accepts(event_stream_type)) {
        co_return co_await follow_stream(request, *stream, *std::move(query), *format);
    }
    const auto wanted = parse_page(request, *query);
    if (!wanted) {
        co_return bad_input(wanted.error());
    }
    const Version after{wanted->after};
    if (request.accepts(ndjson_type)) {
        co_return stream_lines(
            request, *stream, after,
            query->has("limit") ? std::optional{wanted->events_max} : std::nullopt, *format);
    }
    const ReadLimits limits{wanted->events_max, services.limits.page_bytes_max};
    // Taken before reading, so that what comes in between ends the wait.
    Result<Position> head{Position{}};
    if (wanted->wait.count() > 0) {
        head = co_await services.log.head();
    }
    auto records = co_await services.log.read_stream(*stream, after, limits);
    if (records && records->empty() && head && wanted->wait.count() > 0) {
        FeedFilter filter;
        filter.stream_type = stream->type;
        filter.stream_id = stream->id;
        co_await wait_for_event(services, *head, std::move(filter), wanted->wait);
        records = co_await services.log.read_stream(*stream, after, limits);
    }
    if (!records) {
        co_return problem(records.error());
    }
    const auto events = decode_stored(*records);
    if (!events) {
        co_return problem(events.error());
    }
    Page page;
    page.format = *format;
    page.count = events->size();
    page.next = events->empty() ? after.value : events->back().event.version.value;
    page.is_full = page.count == wanted->events_max;
    page.is_caught_up = events->empty();
    if (!page.is_full) {
        const auto last = co_await services.log.stream_head(*stream);
        if (!last) {
            co_return problem(last.error());
        }
        if (last->version.value == 0) {
            co_return problem(Error{Errc::not_found, "the stream has no events"});
        }
        page.is_caught_up = page.next >= last->version.value;
    }
    for (const StoredEvent& event : *events) {
        page.events.append(page.events.empty() ? "" : ",");
        append_event(page.events, page.format, event.position, event.ingested, event.event);
    }
    page.tag = services.log.incarnation() + "-s-" + std::to_string(after.value) + "-" +
               std::to_string(page.next);
    const auto version = std::to_string(page.next);
    auto response = page_response(request, *query, std::move(page));
    response.header("Sealstream-Version", version);
    co_return response;
}

} // namespace sealstream::http
