// PUT    /v1/groups/{group}   {"filter"?, "start"?, "lease_ms"?, "max_deliveries"?}
//   201  it is new: it gets the events above `start` ("0", a position, or "end": only what comes)
//   200  it was there, and has now this filter, lease and number of deliveries; its place stays
// GET    /v1/groups, /v1/groups/{group}
//   200  definition, cursor, and lag in events and seconds
// DELETE /v1/groups/{group}
//   204  with all that it remembers
// GET    /v1/groups/{group}/parked
//   200  streams whose first event has failed too often, oldest first
// POST   /v1/groups/{group}/parked/{type}/{id}/retry, …/skip
//   204  its first event is tried again, or never
//
//   403  a group that is for others (group_access.hpp); all groups are listed for who may read
//   every
//        stream
//   400  a name, member or number that is not allowed; 404 no such group, or the stream is not
//   parked 503  without Postgres there are no groups

#include "node/http/handlers/group_access.hpp"
#include "node/http/handlers/group_json.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

namespace {

// The group of the request, where the node can keep one.
Result<std::string> known_group(const RequestContext& request)
{
    if (request.services().groups == nullptr) {
        return Error{Errc::unavailable, "groups need Postgres"};
    }
    return group_name(request);
}

Response no_content()
{
    Response response;
    response.status = 204;
    return response;
}

Response refused_name(Error error)
{
    return error.code == Errc::unavailable ? problem(std::move(error))
                                           : bad_input(std::move(error));
}

Task<Response> unpark(RequestContext& request, bool is_skipped)
{
    auto group = known_group(request);
    if (!group) {
        co_return refused_name(group.error());
    }
    auto stream = request.stream_name();
    if (!stream) {
        co_return bad_input(stream.error());
    }
    const auto done = co_await request.services().groups->unpark(*std::move(group),
                                                                 *std::move(stream), is_skipped);
    co_return done ? no_content() : group_refused(done.error());
}

} // namespace

Task<Response> put_group(RequestContext& request)
{
    const auto name = known_group(request);
    if (!name) {
        co_return refused_name(name.error());
    }
    auto definition = parse_group(*name, request.body);
    if (!definition) {
        co_return bad_input(definition.error());
    }
    auto& groups = *request.services().groups;
    const auto is_new = co_await groups.put(*std::move(definition));
    if (!is_new) {
        co_return group_refused(is_new.error());
    }
    const auto status = co_await groups.get(*name);
    if (!status) {
        co_return group_refused(status.error());
    }
    auto response = json_ok(group_json(*status));
    response.status = *is_new ? 201 : 200;
    co_return response;
}

Task<Response> get_group(RequestContext& request)
{
    auto name = known_group(request);
    if (!name) {
        co_return refused_name(name.error());
    }
    const auto admitted = co_await admit_to_group(request, *name);
    if (!admitted) {
        co_return group_refused(admitted.error());
    }
    const auto status = co_await request.services().groups->get(*std::move(name));
    co_return status ? json_ok(group_json(*status)) : group_refused(status.error());
}

Task<Response> list_groups(RequestContext& request)
{
    auto* const groups = request.services().groups;
    if (groups == nullptr) {
        co_return problem(Error{Errc::unavailable, "groups need Postgres"});
    }
    const auto names = co_await groups->list();
    if (!names) {
        co_return group_refused(names.error());
    }
    std::string body{"{\"groups\":["};
    for (const std::string& name : *names) {
        body.append(body.back() == '[' ? "\"" : ",\"").append(name).append("\"");
    }
    co_return json_ok(body.append("]}\n"));
}

Task<Response> delete_group(RequestContext& request)
{
    auto name = known_group(request);
    if (!name) {
        co_return refused_name(name.error());
    }
    const auto removed = co_await request.services().groups->remove(*std::move(name));
    co_return removed ? no_content() : group_refused(removed.error());
}

Task<Response> list_parked(RequestContext& request)
{
    auto name = known_group(request);
    if (!name) {
        co_return refused_name(name.error());
    }
    const auto admitted = co_await admit_to_group(request, *name);
    if (!admitted) {
        co_return group_refused(admitted.error());
    }
    auto streams = co_await request.services().groups->parked(*std::move(name));
    if (!streams) {
        co_return group_refused(streams.error());
    }
    std::erase_if(*streams, [&request](const ParkedStream& parked) {
        return !request.may(security::Role::reader, parked.stream.type);
    });
    co_return json_ok(parked_json(*streams));
}

Task<Response> retry_parked_stream(RequestContext& request)
{
    return unpark(request, false);
}

Task<Response> skip_parked_event(RequestContext& request)
{
    return unpark(request, true);
}

} // namespace sealstream::http
