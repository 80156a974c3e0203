// GET /v1/events
//
// ?after=<position>&limit=<events>          the ledger in order; next of one page is after of the
// following ?direction=backward                       newest first; after is exclusive from above,
// 0 means from the head ?wait=<seconds>                           an empty page waits for news
// (long-poll) ?type= (repeatable, prefix.*) &stream_type= &stream=type/id &source= &actor=
// &category= &from= &to= &q=
//                                           answered by the event index, which may lag;
//                                           min-position makes it wait
// ?format=cloudevents, or Accept: application/cloudevents-batch+json: a batch of CloudEvents
// Accept: application/x-ndjson              everything up to the head that fits the filter, as
//                                           lines, from the log itself, with a trailer
// Accept: text/event-stream                 as GET /v1/feed
//
//   200  a page; full ones never change and may be cached for ever
//   304  If-None-Match names this very page
//   400  a parameter is unknown or malformed, or the cursor is beyond the head
//   503  the index (or, without a filter, the log) has not got to min-position, or is away

#include "node/feeds/event_json.hpp"
#include "node/feeds/subscription.hpp"
#include "node/http/admission.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/log_span.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/handlers/streaming.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

namespace {

constexpr std::chrono::milliseconds index_repair_patience{
    5000}; // for an event that has just been appended

bool needs_index(const Query& query)
{
    for (const auto* name :
         {"type", "stream_type", "stream", "source", "actor", "category", "from", "to", "q"}) {
        if (query.has(name)) {
            return true;
        }
    }
    return false;
}

Page to_page(const std::vector<StoredEvent>& events, const PageRequest& wanted, const EventLog& log)
{
    Page page;
    page.format = wanted.format;
    page.count = events.size();
    std::size_t expired = 0;
    for (const StoredEvent& event : events) {
        expired += event.event.is_expired ? 1U : 0U;
        page.events.append(page.events.empty() ? "" : ",");
        append_event(page.events, page.format, event.position, event.ingested, event.event);
    }
    page.next = events.empty() ? wanted.after : events.back().position.value;
    page.is_full = events.size() == wanted.events_max;
    page.is_caught_up = events.empty();
    page.tag = log.incarnation() + "-" + std::to_string(wanted.after) + "-" +
               std::to_string(page.next) + "-" + std::to_string(page.count);
    may_be_forgotten(page, log, expired);
    return page;
}

// Newest first; `after` is exclusive from above, and 0 stands for the head.
Task<Result<Page>> read_backward(Services& services, PageRequest wanted)
{
    LogSpan ledger{services.log};
    SEAL_CO_TRY_VOID(co_await ledger.check_cursor(wanted.after));
    std::uint64_t above = wanted.after;
    if (above == 0) {
        SEAL_CO_TRY(last, co_await ledger.last());
        above = last + 1;
    }
    const ReadLimits limits{wanted.events_max, services.limits.page_bytes_max};
    SEAL_CO_TRY(records, co_await ledger.read_below(above, limits));
    SEAL_CO_TRY(events, decode_stored(records));
    std::reverse(events.begin(), events.end());
    auto page = to_page(events, wanted, services.log);
    page.tag.append("-b");
    page.is_full = page.count == wanted.events_max && wanted.after != 0;
    co_return page;
}

Task<Result<Page>> read_forward(Services& services, PageRequest wanted)
{
    const Position after{wanted.after};
    const ReadLimits limits{wanted.events_max, services.limits.page_bytes_max};
    auto records = co_await services.log.read_from(after, limits);
    if (records && records->empty()) {
        LogSpan ledger{services.log};
        SEAL_CO_TRY_VOID(co_await ledger.check_cursor(wanted.after));
    }
    if (records && records->empty() && wanted.wait.count() > 0) {
        FeedFilter everything;
        co_await wait_for_event(services, after, std::move(everything), wanted.wait);
        records = co_await services.log.read_from(after, limits);
    }
    if (!records) {
        co_return records.error();
    }
    SEAL_CO_TRY(events, decode_stored(*records));
    auto page = to_page(events, wanted, services.log);
    if (!page.is_full && page.count != 0) {
        // A page may be short because its events are large: only the head tells.
        const auto head = co_await services.log.head();
        page.is_caught_up = head && page.next >= head->value;
    }
    co_return page;
}

Result<EventQuery> to_index_query(const Query& query, const PageRequest& wanted)
{
    SEAL_TRY(filter, parse_filter(query));
    EventQuery index = index_query(filter);
    index.after = Position{wanted.after};
    index.events_max = wanted.events_max;
    index.is_descending = wanted.is_backward;
    index.search = query.get("q");
    return index;
}

Task<Response> read_index(RequestContext& request, Query query, PageRequest wanted)
{
    auto& services = request.services();
    auto index_query = to_index_query(query, wanted);
    if (!index_query) {
        co_return bad_input(index_query.error());
    }
    auto reach =
        co_await reach_index(services, wanted.min_position, wanted.is_lenient, wanted.wait);
    if (reach.refusal) {
        co_return *std::move(reach.refusal);
    }
    index_query->at_least = reach.served;
    auto events = co_await services.index->query(*index_query);
    if (events && events->empty() && wanted.wait.count() > 0 && !wanted.is_backward) {
        // The log tells first, then the index follows. Time and words are left to the index, so a
        // page may stay empty before the wait is over.
        auto filter = *parse_filter(query);
        const auto news =
            co_await wait_for_event(services, reach.served, std::move(filter), wanted.wait);
        if (news) {
            reach = co_await reach_index(services, *news, wanted.is_lenient, index_repair_patience);
        }
        if (reach.refusal) {
            co_return *std::move(reach.refusal);
        }
        index_query->at_least = reach.served;
        events = co_await services.index->query(*index_query);
    }
    if (!events) {
        co_return co_await index_problem(services, events.error(), reach.served);
    }
    if (events->empty() && reach.served.value < wanted.after) {
        LogSpan ledger{services.log};
        const auto checked = co_await ledger.check_cursor(wanted.after);
        if (!checked) {
            co_return read_problem(checked.error());
        }
    }
    Page page;
    page.format = wanted.format;
    page.next = wanted.after;
    std::size_t expired = 0;
    for (const IndexedEvent& event : *events) {
        if (page.events.size() >= services.limits.page_bytes_max) {
            break;
        }
        expired += event.event.is_expired ? 1U : 0U;
        page.events.append(page.events.empty() ? "" : ",");
        append_indexed(page.events, page.format, event);
        page.next = event.position.value;
        ++page.count;
    }
    // Nothing up to the index's cursor is left to see, so the next page need not look there again.
    if (!wanted.is_backward && events->size() < wanted.events_max && page.count == events->size()) {
        page.next = std::max(page.next, reach.served.value);
        page.is_caught_up = true;
    }
    page.is_full = page.count == wanted.events_max && (!wanted.is_backward || wanted.after != 0);
    page.tag = services.log.incarnation() + "-i-" + std::to_string(wanted.after) + "-" +
               std::to_string(page.next) + "-" + std::to_string(page.count);
    may_be_forgotten(page, services.log, expired);
    auto response = page_response(request, query, std::move(page));
    tell_position(response, reach.served, wanted.min_position);
    co_return response;
}

} // namespace

Task<Response> read_events(RequestContext& request)
{
    if (request.accepts(event_stream_type)) {
        co_return co_await follow_feed(request);
    }
    auto& services = request.services();
    auto query = request.query();
    if (!query) {
        co_return bad_input(query.error());
    }
    const auto wanted = parse_page(request, *query);
    if (!wanted) {
        co_return bad_input(wanted.error());
    }
    const auto filter = parse_filter(*query);
    if (!filter) {
        co_return bad_input(filter.error());
    }
    const auto admitted = admit_reading(request, filter->stream_type);
    if (!admitted) {
        co_return not_admitted(admitted.error());
    }
    const bool wants_lines = request.accepts(ndjson_type);
    if (wants_lines && (wanted->is_backward || query->has("q"))) {
        co_return bad_input(Error{Errc::malformed, "lines go forward, and \"q\" is for pages: ask "
                                                   "for application/json"});
    }
    if (needs_index(*query) && !wants_lines) {
        co_return co_await read_index(request, *std::move(query), *wanted);
    }
    auto reach =
        co_await reach_log(services, wanted->min_position, wanted->is_lenient, wanted->wait);
    if (reach.refusal) {
        co_return *std::move(reach.refusal);
    }
    if (wants_lines) {
        LogSpan ledger{services.log};
        const auto checked = co_await ledger.check_cursor(wanted->after);
        if (!checked) {
            co_return read_problem(checked.error());
        }
        auto response = ledger_lines(request, Position{wanted->after}, *filter,
                                     lines_limit(*query, *wanted), wanted->format);
        tell_log_position(response, reach, wanted->min_position);
        co_return response;
    }
    auto page =
        wanted->is_backward ? read_backward(services, *wanted) : read_forward(services, *wanted);
    auto read = co_await std::move(page);
    if (!read) {
        co_return read_problem(read.error());
    }
    auto response = page_response(request, *query, *std::move(read));
    tell_log_position(response, reach, wanted->min_position);
    co_return response;
}

} // namespace sealstream::http
