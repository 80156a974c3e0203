// POST /v1/events
//
// Events of several streams; each names its own: {"stream":"type/id","type":…}. One object, an
// array, NDJSON, or CloudEvents in each of their modes. Without ?atomic=true every event stands for
// itself.
//
//   201  all were appended
//   207  some were refused: "results" has a status for each, in the order of the request
//   200  NDJSON: one result per line and a summary
//   ?atomic=true: 201 and 4xx, 5xx as for one stream; all streams or none
//   400, 413, 415, 503, 507 as POST /v1/streams/{type}/{id}/events

#include "node/http/admission.hpp"
#include "node/http/append_admission.hpp"
#include "node/http/durability_wish.hpp"
#include "node/http/event_body.hpp"
#include "node/http/handlers/appending.hpp"
#include "node/http/handlers/bulk.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/node_json.hpp"
#include "node/http/problem.hpp"

#include <algorithm>

namespace sealstream::http {

namespace {

// Each stream once, in the order in which they first appear; `order` says where each event went.
std::vector<StreamAppend> by_stream(std::vector<EventInput> events,
                                    std::vector<std::pair<std::size_t, std::size_t>>& order)
{
    std::vector<StreamAppend> batch;
    std::map<StreamName, std::size_t> known;
    for (EventInput& event : events) {
        const auto [place, is_new] = known.try_emplace(event.stream, batch.size());
        if (is_new) {
            batch.push_back({std::move(event.stream), {}, {}});
            batch.back().has_fresh_ids = true;
        }
        batch[place->second].has_fresh_ids &= event.has_fresh_id();
        auto& drafts = batch[place->second].drafts;
        order.emplace_back(place->second, drafts.size());
        drafts.push_back(std::move(event.draft));
    }
    return batch;
}

// Refusals number the events stream by stream; the client knows them by its own order.
std::vector<Refusal> in_request_order(std::vector<Refusal> refusals,
                                      const std::vector<StreamAppend>& batch,
                                      const std::vector<std::pair<std::size_t, std::size_t>>& order)
{
    std::vector<std::size_t> starts(batch.size(), 0);
    for (std::size_t at = 1; at < batch.size(); ++at) {
        starts[at] = starts[at - 1] + batch[at - 1].drafts.size();
    }
    std::vector<std::size_t> place_of(order.size());
    for (std::size_t at = 0; at < order.size(); ++at) {
        place_of[starts[order[at].first] + order[at].second] = at;
    }
    for (Refusal& refusal : refusals) {
        refusal.event = place_of[refusal.event];
    }
    std::sort(refusals.begin(), refusals.end(),
              [](const Refusal& one, const Refusal& other) { return one.event < other.event; });
    return refusals;
}

Task<Response> append_atomic(Services& services, std::vector<EventInput> events, bool is_array,
                             Appender appender)
{
    std::vector<std::pair<std::size_t, std::size_t>> order;
    auto batch = by_stream(std::move(events), order);
    auto candidates = candidates_in(batch);
    auto admission = co_await admit_events(services, std::move(candidates));
    if (!admission) {
        co_return append_problem(services, admission.error());
    }
    if (!admission->refusals.empty()) {
        auto refusals = in_request_order(std::move(admission->refusals), batch, order);
        co_return refused(refusals, is_array);
    }
    std::vector<std::size_t> starts(batch.size(), 0);
    for (std::size_t at = 1; at < batch.size(); ++at) {
        starts[at] = starts[at - 1] + batch[at - 1].drafts.size();
    }
    AppendRequest wanted{std::move(batch)};
    wanted.permit = std::move(admission->permit);
    auto appended = co_await append_counted(services, std::move(wanted), std::move(appender));
    if (!appended) {
        co_return append_problem(services, std::move(appended).error());
    }
    Appended in_order{{}, appended->is_repeat};
    for (const auto& [stream, number] : order) {
        in_order.events.push_back(appended->events[starts[stream] + number]);
    }
    auto response = created(in_order, services);
    // A version is of one stream, so there is no tag and no one place for all.
    const bool is_of_one_stream = starts.size() == 1;
    std::erase_if(response.headers, [is_of_one_stream](const Header& header) {
        return !is_of_one_stream && (header.name == "ETag" || header.name == "Location");
    });
    co_return response;
}

Response results_of(const std::vector<BulkItem>& items, const Services& services)
{
    Response response;
    std::size_t failed = 0;
    std::uint64_t last = 0;
    std::string& body = response.body;
    body.append("{\"results\":[");
    for (const BulkItem& item : items) {
        body.append(body.back() == '[' ? "{" : ",{");
        append_item_members(body, item);
        failed += item.error ? 1U : 0U;
        last = item.placed ? std::max(last, item.placed->position.value) : last;
    }
    body.append("],\"appended\":").append(std::to_string(items.size() - failed));
    body.append(",\"failed\":").append(std::to_string(failed));
    body.append(",\"durability\":").append(durability_json(services.log.durability()));
    body.append("}\n");
    response.status = failed == 0 ? 201 : 207;
    if (last != 0) {
        response.header("Sealstream-Position", std::to_string(last));
    }
    response.header("Cache-Control", "no-store");
    return response;
}

} // namespace

Task<Response> append_mixed(RequestContext& request)
{
    auto& services = request.services();
    const auto author = author_of(request);
    if (!author) {
        co_return bad_input(author.error());
    }
    const auto unconditional = refuse_conditions(request);
    if (!unconditional) {
        co_return bad_input(unconditional.error());
    }
    if (auto unmet = durability_refusal(request)) {
        co_return *std::move(unmet);
    }
    if (request.body_reader != nullptr) {
        co_return append_lines(request, author->source, std::nullopt, !author->key.empty());
    }
    const auto form = body_form(request);
    if (form == BodyForm::other) {
        co_return refusal(415, "unsupported_media_type", std::string{append_types_help});
    }
    const auto query = request.query();
    const auto allowed = query ? query->check("atomic") : Result<void>{query.error()};
    if (!allowed) {
        co_return bad_input(allowed.error());
    }
    const auto atomic = query->get("atomic");
    if (!atomic.empty() && atomic != "true" && atomic != "false") {
        co_return bad_input(Error{Errc::malformed, "atomic is \"true\" or \"false\""});
    }
    auto events = parse_body(request, form, std::nullopt);
    if (!events) {
        co_return bad_input(events.error());
    }
    complete(*events, author->source, author->key, services.ids);
    std::vector<Result<void>> admitted;
    // Senders of CloudEvents look at the status alone, so that of one event is the answer's.
    const bool is_atomic = atomic == "true" || is_cloud_event(form);
    for (EventInput& event : *events) {
        admitted.push_back(admit_draft(request, event.stream.type, event.draft));
        if (is_atomic && !admitted.back()) {
            co_return not_admitted(admitted.back().error());
        }
    }
    if (is_atomic) {
        auto appender = appender_of(request);
        const bool is_array = is_event_array(form, request.body);
        auto response =
            co_await append_atomic(services, *std::move(events), is_array, std::move(appender));
        if (response.problem == nullptr) {
            confirm_durability(request, response);
        }
        co_return response;
    }
    std::vector<BulkItem> items;
    items.reserve(events->size());
    for (std::size_t at = 0; at < events->size(); ++at) {
        EventInput& event = (*events)[at];
        BulkItem item;
        item.has_fresh_id = event.has_fresh_id();
        item.stream = std::move(event.stream);
        if (admitted[at]) {
            item.draft = std::move(event.draft);
        } else {
            item.reason = admitted[at].error().context; // one of our sentences
            item.error = admitted[at].error();
        }
        items.push_back(std::move(item));
    }
    auto appender = appender_of(request);
    items = co_await append_items(services, std::move(items), std::move(appender));
    auto response = results_of(items, services);
    confirm_durability(request, response);
    co_return response;
}

} // namespace sealstream::http
