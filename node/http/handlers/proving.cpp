// GET /checkpoint                       200 the newest signed checkpoint (C2SP signed note), 404
// nothing is signed yet GET /v1/streams/{type}/{id}/verify    200 a verdict, whether good or bad:
// "intact", and where it fails
//                                       404 the stream has no events
// GET /v1/events/{id}/proof             200 a C2SP tlog-proof: valid for ever
//                                       404 no such event   503 no checkpoint covers it yet, or the
//                                       index that finds it is behind min-position, or not here
// All: 503 when this node has no auditor, or it does not answer.

#include "core/event/canonical_json.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

Task<Response> get_checkpoint(RequestContext& request)
{
    auto& services = request.services();
    if (services.auditor == nullptr) {
        co_return not_here("auditor");
    }
    auto note = co_await services.auditor->checkpoint();
    if (!note) {
        co_return problem(note.error());
    }
    Response response = json_ok(*std::move(note), Caching::revalidate);
    response.content_type = text_type;
    co_return response;
}

Task<Response> verify_stream(RequestContext& request)
{
    auto& services = request.services();
    auto stream = request.stream_name();
    if (!stream) {
        co_return bad_input(stream.error());
    }
    if (services.auditor == nullptr) {
        co_return not_here("auditor");
    }
    const std::string name = stream->to_string();
    const auto verdict = co_await services.auditor->verify_stream(*std::move(stream));
    if (!verdict) {
        co_return problem(verdict.error());
    }
    std::string json{"{\"stream\":"};
    append_canonical_string(json, name);
    json.append(",\"intact\":").append(verdict->is_intact ? "true" : "false");
    json.append(",\"checked_version\":\"").append(std::to_string(verdict->checked.value));
    json.append("\",\"covered_position\":\"").append(std::to_string(verdict->covered.value));
    json.append("\",\"tree_size\":\"").append(std::to_string(verdict->tree_size)).append("\"");
    if (!verdict->is_intact) {
        json.append(",\"fault_position\":\"").append(std::to_string(verdict->fault.value));
        json.append("\",\"reason\":");
        append_canonical_string(json, verdict->reason);
    }
    json.append("}\n");
    co_return json_ok(std::move(json));
}

Task<Response> get_proof(RequestContext& request)
{
    auto& services = request.services();
    const auto id = event_id_of(request);
    if (!id) {
        co_return bad_input(id.error());
    }
    const auto query = request.query();
    const auto wanted = query ? parse_page(request, *query) : Result<PageRequest>{query.error()};
    if (!wanted) {
        co_return bad_input(wanted.error());
    }
    if (services.auditor == nullptr) {
        co_return not_here("auditor");
    }
    auto reach =
        co_await reach_index(services, wanted->min_position, wanted->is_lenient, wanted->wait);
    if (reach.refusal) {
        co_return *std::move(reach.refusal);
    }
    const auto found = co_await services.index->find(*id, reach.served);
    if (!found) {
        auto response = co_await index_problem(services, found.error(), reach.served);
        tell_position(response, reach.served, wanted->min_position);
        co_return response;
    }
    auto proof = co_await services.auditor->proof(found->position);
    if (!proof) {
        co_return problem(proof.error());
    }
    Response response = json_ok(*std::move(proof), Caching::immutable);
    response.content_type = text_type;
    response.header("Sealstream-Position", std::to_string(found->position.value));
    co_return response;
}

} // namespace sealstream::http
