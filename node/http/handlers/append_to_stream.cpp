// POST /v1/streams/{type}/{id}/events
//
// Body: one event or an array (application/json), all or nothing; CloudEvents in each of their
// modes, a batch being all or nothing too; or NDJSON (application/x-ndjson), line by line
// (bulk.hpp). Conditions: If-Match: "<version>", If-Match: * (must exist), If-None-Match: * (must
// not). Idempotency-Key makes repeating safe for ever: the event's id follows from source and key.
//
//   201  appended; ETag is the new version, Sealstream-Position the last position. With
//   Idempotency-Replayed: true
//        it was there already, and the places are the original ones
//   200  NDJSON: one result per line and a summary
//   400  malformed, bad_name, … with a pointer into the body
//   403  emission_refused: the policy of the type does not let this source emit it ("refusals"
//   names
//        the rules); forbidden: the stream is the ledger's own
//   412  the condition does not hold: current_version and the events that came between
//        durability_unmet: Prefer: handling=strict asks for more than the log does
//   413  larger than a limit     415  another Content-Type
//   422  the id or key was used for other content
//   428  the stream's type demands a condition
//   503  outcome_unknown: repeat the very same request; overloaded, unavailable: nothing was
//   appended 507  the log is full

#include "node/http/admission.hpp"
#include "node/http/append_admission.hpp"
#include "node/http/durability_wish.hpp"
#include "node/http/event_body.hpp"
#include "node/http/handlers/appending.hpp"
#include "node/http/handlers/bulk.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/problem.hpp"

#include <algorithm>

namespace sealstream::http {

Task<Response> append_to_stream(RequestContext& request)
{
    auto& services = request.services();
    auto stream = request.stream_name();
    if (!stream) {
        co_return bad_input(stream.error());
    }
    const auto author = author_of(request);
    if (!author) {
        co_return bad_input(author.error());
    }
    const auto expected = parse_conditions(request);
    if (!expected) {
        co_return bad_input(expected.error());
    }
    if (auto unmet = durability_refusal(request)) {
        co_return *std::move(unmet);
    }
    if (request.body_reader != nullptr) {
        const bool is_conditional = expected->kind != Expected::Kind::any || !author->key.empty();
        co_return append_lines(request, author->source, *std::move(stream), is_conditional);
    }
    const auto form = body_form(request);
    if (form == BodyForm::other) {
        co_return refusal(415, "unsupported_media_type", std::string{append_types_help});
    }
    if (!request.head().query().empty()) {
        co_return bad_input(Error{Errc::malformed, "only NDJSON has \"results\""});
    }
    auto events = parse_body(request, form, *stream);
    if (!events) {
        co_return bad_input(events.error());
    }
    complete(*events, author->source, author->key, services.ids);

    StreamAppend append{*stream, *expected, {}};
    append.drafts.reserve(events->size());
    append.has_fresh_ids = std::all_of(events->begin(), events->end(),
                                       [](const auto& event) { return event.has_fresh_id(); });
    for (EventInput& event : *events) {
        const auto admitted = admit_draft(request, stream->type, event.draft);
        if (!admitted) {
            co_return not_admitted(admitted.error());
        }
        append.drafts.push_back(std::move(event.draft));
    }
    std::vector<StreamAppend> batch;
    batch.push_back(std::move(append));
    auto candidates = candidates_in(batch);
    const auto admission = co_await admit_events(services, std::move(candidates));
    if (!admission) {
        co_return append_problem(services, admission.error());
    }
    if (!admission->refusals.empty()) {
        co_return refused(admission->refusals, is_event_array(form, request.body));
    }
    AppendRequest wanted{std::move(batch)};
    wanted.permit = admission->permit;
    auto appender = appender_of(request);
    auto appended = co_await append_counted(services, std::move(wanted), std::move(appender));
    if (!appended && !request.may(security::Role::reader, stream->type)) {
        co_return append_problem(
            services, std::move(appended).error()); // without the events that it has missed
    }
    if (!appended) {
        co_return co_await append_refused(services, *std::move(stream), *expected,
                                          std::move(appended).error());
    }
    auto response = created(*appended, services);
    confirm_durability(request, response);
    co_return response;
}

} // namespace sealstream::http
