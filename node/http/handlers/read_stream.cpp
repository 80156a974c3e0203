// GET /v1/streams/{type}/{id}/events
//
// ?after=<version>&limit=<events>&wait=<seconds>   one stream in order; next is the after of the
//                                                  following page
// ?direction=backward                              newest first; after is exclusive from above, 0
//                                                  means from the last version
// Accept: application/x-ndjson                     all of it as lines, with a trailer
// Accept: text/event-stream                        as GET /v1/feed?stream=…; there, cursors are
//                                                  positions
//
//   200  a page, from the log itself: what was appended before is there. ETag distinguishes pages;
//        Sealstream-Version is the version of the last event in it
//   304  If-None-Match names this very page
//   400  a name or parameter is malformed, or the cursor is beyond the last version
//   404  the stream has no events, and none came while waiting
//   503  nothing has been appended at min-position yet; the log does not answer

#include "node/feeds/event_json.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/log_span.hpp"
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

Response no_such_stream()
{
    return problem(Error{Errc::not_found, "the stream has no events"});
}

Task<Response> answer_lines(RequestContext& request, LogSpan span, const Query& query,
                            PageRequest wanted)
{
    if (wanted.is_backward) {
        co_return bad_input(
            Error{Errc::malformed, "lines go forward; ask for application/json to go backward"});
    }
    const auto last = co_await span.last();
    if (!last) {
        co_return problem(last.error());
    }
    if (*last == 0) {
        co_return no_such_stream();
    }
    const auto checked = co_await span.check_cursor(wanted.after);
    if (!checked) {
        co_return read_problem(checked.error());
    }
    const Version after{wanted.after};
    const auto limit = lines_limit(query, wanted);
    co_return stream_lines(request, *std::move(span.stream), after, limit, wanted.format);
}

// Newest first; `after` is exclusive from above, and 0 stands for the last version.
Task<Result<std::vector<StoredEvent>>> read_stream_backward(Services& services, LogSpan span,
                                                            PageRequest wanted)
{
    SEAL_CO_TRY_VOID(co_await span.check_cursor(wanted.after));
    std::uint64_t above = wanted.after;
    if (above == 0) {
        SEAL_CO_TRY(last, co_await span.last());
        above = last + 1;
    }
    const ReadLimits limits{wanted.events_max, services.limits.page_bytes_max};
    SEAL_CO_TRY(records, co_await span.read_below(above, limits));
    SEAL_CO_TRY(events, decode_stored(records));
    std::reverse(events.begin(), events.end());
    co_return events;
}

Task<Result<std::vector<StoredEvent>>> read_stream_forward(Services& services, LogSpan span,
                                                           PageRequest wanted)
{
    const ReadLimits limits{wanted.events_max, services.limits.page_bytes_max};
    // Taken before reading, so that what comes in between ends the wait.
    Result<Position> head{Position{}};
    if (wanted.wait.count() > 0) {
        head = co_await services.log.head();
    }
    auto records = co_await span.read(wanted.after, limits);
    if (records && records->empty()) {
        SEAL_CO_TRY_VOID(co_await span.check_cursor(wanted.after));
    }
    if (records && records->empty() && head && wanted.wait.count() > 0) {
        FeedFilter filter;
        filter.stream_type = span.stream->type;
        filter.stream_id = span.stream->id;
        co_await wait_for_event(services, *head, std::move(filter), wanted.wait);
        records = co_await span.read(wanted.after, limits);
    }
    if (!records) {
        co_return records.error();
    }
    co_return decode_stored(*records);
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
    LogSpan span{services.log, *stream};
    auto reach =
        co_await reach_log(services, wanted->min_position, wanted->is_lenient, wanted->wait);
    if (reach.refusal) {
        co_return *std::move(reach.refusal);
    }
    if (request.accepts(ndjson_type)) {
        co_return co_await answer_lines(request, std::move(span), *query, *wanted);
    }
    auto events = wanted->is_backward ? read_stream_backward(services, span, *wanted)
                                      : read_stream_forward(services, span, *wanted);
    const auto read = co_await std::move(events);
    if (!read) {
        co_return read_problem(read.error());
    }
    Page page;
    page.format = *format;
    page.count = read->size();
    page.next = read->empty() ? wanted->after : read->back().event.version.value;
    page.is_full = page.count == wanted->events_max && (!wanted->is_backward || wanted->after != 0);
    page.is_caught_up = read->empty() || (wanted->is_backward && page.next == 1);
    if (!page.is_full) {
        const auto last = co_await span.last();
        if (!last) {
            co_return problem(last.error());
        }
        if (*last == 0) {
            co_return no_such_stream();
        }
        page.is_caught_up |= !wanted->is_backward && page.next >= *last;
    }
    std::size_t expired = 0;
    for (const StoredEvent& event : *read) {
        expired += event.event.is_expired ? 1U : 0U;
        page.events.append(page.events.empty() ? "" : ",");
        append_event(page.events, page.format, event.position, event.ingested, event.event);
    }
    page.tag = services.log.incarnation() + "-s-" + std::to_string(wanted->after) + "-" +
               std::to_string(page.next) + (wanted->is_backward ? "-b" : "");
    may_be_forgotten(page, services.log, expired);
    const auto version = std::to_string(page.next);
    auto response = page_response(request, *query, std::move(page));
    response.header("Sealstream-Version", version);
    tell_log_position(response, reach, wanted->min_position);
    co_return response;
}

} // namespace sealstream::http
