// GET /v1/events/{id}
//
// ?min-position=<position> with Prefer: wait=<seconds>: reads its own write, through an index that
// lags
//
//   200  the event; it never changes, so it may be cached for ever
//   304  If-None-Match names it
//   400  {id} is not an event id
//   404  no such event up to Sealstream-Position
//   503  projection_behind: the index has not folded min-position; or there is no index

#include "node/feeds/event_json.hpp"
#include "node/http/admission.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

Task<Response> get_event(RequestContext& request)
{
    auto& services = request.services();
    const auto text = request.path_parameter("id");
    const auto id = text ? EventId::parse(*text) : Result<EventId>{text.error()};
    if (!id) {
        co_return bad_input(Error{Errc::malformed, "the id is not a UUID"});
    }
    const auto query = request.query();
    const auto allowed = query ? query->allow_only({"min-position"}) : Result<void>{query.error()};
    if (!allowed) {
        co_return bad_input(allowed.error());
    }
    const auto wanted = parse_page(request, *query);
    if (!wanted) {
        co_return bad_input(wanted.error());
    }
    if (services.index == nullptr) {
        co_return not_here("event index");
    }
    const auto reached = co_await reach_index(services, wanted->min_position, wanted->wait);
    if (!reached) {
        co_return projection_behind(reached.error(), wanted->min_position);
    }
    auto found = co_await services.index->find(*id);
    if (found && !request.may(security::Role::reader, found->event.stream.type)) {
        found = Error{Errc::not_found, "an event of a stream that the caller may not read"};
    }
    Response response;
    if (!found) {
        response = problem(found.error());
        response.header("Sealstream-Position", std::to_string(reached->value));
        co_return response;
    }
    const std::string tag = "\"" + id->to_string() + "\"";
    set_caching(response, Caching::immutable);
    response.header("ETag", tag);
    response.header("Sealstream-Position", std::to_string(found->position.value));
    if (request.field("if-none-match") == tag) {
        response.status = 304;
        co_return response;
    }
    append_event_json(response.body, found->position, found->ingested, found->event);
    response.body.push_back('\n');
    co_return response;
}

} // namespace sealstream::http
