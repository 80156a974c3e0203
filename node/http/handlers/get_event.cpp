// GET /v1/events/{id}
//
// ?format=cloudevents, or Accept: application/cloudevents+json: as a CloudEvent in structured mode
// ?format=cloudevents&mode=binary: as a CloudEvent in binary mode, attributes as ce- headers
// ?min-position=<position> with Prefer: wait=<seconds>: reads its own write, through an index that
// lags; with Prefer: handling=lenient rather less than nothing
//
//   200  the event; it never changes, so it may be cached for ever (unless payloads expire: then
//   data
//        may become null, beside "expired":true). Sealstream-Position is how far the index was
//   304  If-None-Match names it
//   400  {id} is not an event id
//   404  no such event up to Sealstream-Position
//   503  projection_behind: the index has not folded min-position; or there is no index

#include "core/cloudevents/binary.hpp"
#include "core/cloudevents/mapping.hpp"
#include "node/feeds/event_json.hpp"
#include "node/http/admission.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

namespace {

std::string event_tag(const Event& event, EventFormat format, bool is_binary)
{
    const auto* suffix = is_binary ? "-cb" : format == EventFormat::cloudevents ? "-ce" : "";
    return "\"" + event.draft.id.to_string() + suffix + (event.is_expired ? "-x\"" : "\"");
}

void set_binary(Response& response, const CloudEvent& event)
{
    auto message = to_binary(event);
    response.content_type = "application/octet-stream"; // data without a media type is just bytes
    response.own_content_type = std::move(message.content_type);
    response.body = std::move(message.body);
    for (auto& [name, value] : message.headers) {
        response.own_headers.emplace_back(std::move(name), std::move(value));
    }
}

} // namespace

Task<Response> get_event(RequestContext& request)
{
    auto& services = request.services();
    const auto id = event_id_of(request);
    if (!id) {
        co_return bad_input(id.error());
    }
    const auto query = request.query();
    if (!query) {
        co_return bad_input(query.error());
    }
    const auto wanted = parse_page(request, *query);
    if (!wanted) {
        co_return bad_input(wanted.error());
    }
    const EventFormat format = wanted->format;
    const auto mode = query->get("mode");
    const bool is_binary = mode == "binary";
    if (!mode.empty() &&
        (format != EventFormat::cloudevents || (!is_binary && mode != "structured"))) {
        co_return bad_input(Error{Errc::malformed,
                                  "mode is \"structured\" or \"binary\", with format=cloudevents"});
    }
    auto reach =
        co_await reach_index(services, wanted->min_position, wanted->is_lenient, wanted->wait);
    if (reach.refusal) {
        co_return *std::move(reach.refusal);
    }
    auto found = co_await services.index->find(*id, reach.served);
    if (found && !request.may(security::Role::reader, found->event.stream.type)) {
        found = Error{Errc::not_found, "an event of a stream that the caller may not read"};
    }
    Response response;
    if (!found) {
        response = co_await index_problem(services, found.error(), reach.served);
        tell_position(response, reach.served, wanted->min_position);
        co_return response;
    }
    const auto tag = event_tag(found->event, format, is_binary);
    set_caching(response,
                services.log.encrypts_payloads() ? Caching::revalidate : Caching::immutable);
    response.header("Vary", "Accept");
    response.header("ETag", tag);
    tell_position(response, reach.served, wanted->min_position);
    if (request.field("if-none-match") == tag) {
        response.status = 304;
        co_return response;
    }
    if (is_binary) {
        set_binary(response, to_cloud_event(found->position, found->ingested, found->event));
        co_return response;
    }
    append_indexed(response.body, format, *found);
    response.body.push_back('\n');
    if (format == EventFormat::cloudevents) {
        response.content_type = cloudevents_type;
    }
    co_return response;
}

} // namespace sealstream::http
