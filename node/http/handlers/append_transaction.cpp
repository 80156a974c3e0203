// POST /v1/transactions
//
// Appends to several streams at once, each with a condition of its own, and conditions on streams
// to which nothing is appended (transaction_input.hpp). All of it happens, or nothing, whatever
// dies meanwhile. Idempotency-Key covers the whole; event number n of the request has key#n.
//
//   201  all is appended: "appends" as in the request, each with its new version and the places of
//        its events. With Idempotency-Replayed: true it was there already
//   400  malformed, bad_name, … with a pointer into the body
//   403  the caller may not append to one of the streams, or not know of a stream in a condition;
//        emission_refused: "refusals" names the rules
//   412  "conflicts" has each stream whose condition does not hold, where it is, and the events
//        that the client has not seen; durability_unmet: Prefer: handling=strict
//   413  more events or streams than /v1/limits says
//   415, 422, 503, 507 as POST /v1/streams/{type}/{id}/events
//   428  a stream's type demands a condition and its append has none

#include "core/event/canonical_json.hpp"
#include "node/http/admission.hpp"
#include "node/http/append_admission.hpp"
#include "node/http/conflict_report.hpp"
#include "node/http/durability_wish.hpp"
#include "node/http/handlers/appending.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/node_json.hpp"
#include "node/http/problem.hpp"
#include "node/http/transaction_input.hpp"

namespace sealstream::http {

namespace {

using security::Role;

// What the caller may do: append to each stream, and know about those that it only checks.
Result<void> admit_transaction(const RequestContext& request, TransactionInput& input)
{
    std::size_t next = 0;
    for (const TransactionInput::Append& append : input.appends) {
        for (std::size_t count = 0; count < append.events; ++count) {
            SEAL_TRY_VOID(admit_draft(request, append.stream.type, input.events[next++].draft));
        }
    }
    for (const StreamCheck& check : input.checks) {
        if (!request.may(Role::writer, check.stream.type)) {
            SEAL_TRY_VOID(request.require(Role::reader, check.stream.type));
        }
    }
    return {};
}

AppendRequest to_transaction_request(TransactionInput input)
{
    AppendRequest request;
    request.checks = std::move(input.checks);
    auto event = input.events.begin();
    for (TransactionInput::Append& from : input.appends) {
        StreamAppend append{std::move(from.stream), from.expected, {}};
        append.drafts.reserve(from.events);
        append.has_fresh_ids = true;
        for (std::size_t count = 0; count < from.events; ++count, ++event) {
            append.has_fresh_ids &= event->has_fresh_id();
            append.drafts.push_back(std::move(event->draft));
        }
        request.appends.push_back(std::move(append));
    }
    return request;
}

// The conditions whose streams the caller may read.
std::vector<StreamCheck> readable_conditions(const RequestContext& request,
                                             const TransactionInput& input)
{
    std::vector<StreamCheck> stated;
    const auto take = [&](const StreamName& stream, const Expected& expected) {
        if (request.may(Role::reader, stream.type)) {
            stated.push_back({stream, expected});
        }
    };
    for (const TransactionInput::Append& append : input.appends) {
        take(append.stream, append.expected);
    }
    for (const StreamCheck& check : input.checks) {
        take(check.stream, check.expected);
    }
    return stated;
}

// Where each event of the request stands in its body.
std::vector<std::string> pointers_of(const TransactionInput& input)
{
    std::vector<std::string> pointers;
    pointers.reserve(input.events.size());
    for (std::size_t append = 0; append < input.appends.size(); ++append) {
        for (std::size_t event = 0; event < input.appends[append].events; ++event) {
            pointers.push_back("/appends/" + std::to_string(append) + "/events/" +
                               std::to_string(event));
        }
    }
    return pointers;
}

Response committed(const Appended& appended, const Services& services)
{
    Response response;
    response.status = 201;
    std::string& body = response.body;
    body.reserve(appended.events.size() * 112 + 256);
    body.append("{\"appends\":[");
    Position last{};
    for (std::size_t at = 0; at < appended.events.size();) {
        const StreamName& stream = appended.events[at].stream;
        body.append(at == 0 ? "{\"stream\":" : ",{\"stream\":");
        append_canonical_string(body, stream.to_string());
        body.append(",\"events\":[");
        Version version{};
        for (; at < appended.events.size() && appended.events[at].stream == stream; ++at) {
            const Placed& placed = appended.events[at];
            append_placed(body, placed);
            version = placed.version;
            last = std::max(last, placed.position);
        }
        body.append("],\"version\":\"").append(std::to_string(version.value)).append("\"}");
    }
    body.append("],\"durability\":").append(durability_json(services.log.durability()));
    body.append("}\n");
    response.header("Sealstream-Position", std::to_string(last.value));
    response.header("Cache-Control", "no-store");
    if (appended.is_repeat) {
        response.header("Idempotency-Replayed", "true");
    }
    return response;
}

} // namespace

Task<Response> append_transaction(RequestContext& request)
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
    if (request.content_type() != json_type) {
        co_return refusal(415, "unsupported_media_type", "Send application/json.");
    }
    if (auto unmet = durability_refusal(request)) {
        co_return *std::move(unmet);
    }
    auto input = parse_transaction(request.body, services.limits);
    if (!input) {
        co_return bad_input(input.error());
    }
    complete(input->events, author->source, author->key, services.ids);
    const auto admitted = admit_transaction(request, *input);
    if (!admitted) {
        co_return not_admitted(admitted.error());
    }
    auto stated = readable_conditions(request, *input);
    const auto pointers = pointers_of(*input);
    auto wanted = to_transaction_request(*std::move(input));
    auto candidates = candidates_in(wanted.appends);
    auto admission = co_await admit_events(services, std::move(candidates));
    if (!admission) {
        co_return append_problem(services, admission.error());
    }
    if (!admission->refusals.empty()) {
        for (Refusal& refusal : admission->refusals) {
            refusal.error.pointer.insert(0, pointers[refusal.event]);
        }
        co_return refused(admission->refusals, false);
    }
    wanted.permit = std::move(admission->permit);
    auto appender = appender_of(request);
    auto appended = co_await append_counted(services, std::move(wanted), std::move(appender));
    if (!appended) {
        auto response = append_problem(services, std::move(appended).error());
        if (response.problem->error.code == Errc::conflict) {
            response.problem->members = co_await describe_conflicts(services, std::move(stated));
        }
        co_return response;
    }
    auto response = committed(*appended, services);
    confirm_durability(request, response);
    co_return response;
}

} // namespace sealstream::http
