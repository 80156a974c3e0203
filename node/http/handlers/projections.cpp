// GET    /v1/projections, /v1/projections/{projection}
//   200  versions, cursor, lag in events and seconds, why it does not move, the last rebuild
// GET    /v1/projections/{projection}/parked
//   200  streams of which an event could not be folded, oldest first
// GET    /v1/projections/{projection}/foreign-writes
//   200  what others than the projector have written into its tables, newest first
// GET    /v1/projections/{projection}/snapshots
//   200  copies of its tables, newest first, and what became of the last that was asked for
// POST   /v1/projections/{projection}/snapshots
//   202  a projector takes one in a moment
// POST   /v1/projections/{projection}/pause, …/resume
//   204  it folds no more; it folds again, also after a halt
// POST   /v1/projections/{projection}/retry   {"stream"?: "type/id"}
//   202  parked events are folded again in a moment
// POST   /v1/projections/{projection}/rebuild   {"swap"?: "auto" | "manual", "events_per_second"?}
//   202  a projector builds it anew, beside; Location is the projection
// POST   /v1/projections/{projection}/rebuild/pause, …/resume, …/swap, …/cancel
//   202  in a moment
// POST   /v1/projections/{projection}/rollback
//   204  the version before is the active one again
//
//   404  no such projection, or the stream is not parked; 409 it is not in a state for this; 503
//   without Postgres there are no projections

#include "node/http/handlers/group_json.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/projection_json.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

namespace {

Result<ProjectionAdmin*> admin_of(const RequestContext& request)
{
    ProjectionAdmin* const admin = request.services().projections;
    if (admin == nullptr) {
        return Error{Errc::unavailable, "projections need Postgres"};
    }
    return admin;
}

// What operators have asked wrongly is told in words.
Response refused(Error error)
{
    if (error.code == Errc::conflict) {
        return refusal(409, "wrong_state",
                       error.context + ". GET /v1/projections shows the state.");
    }
    return error.code == Errc::not_found ? bad_input(std::move(error)) : problem(std::move(error));
}

Response status_only(int status)
{
    Response response;
    response.status = status;
    return response;
}

template <class Outcome>
Response answer(const Outcome& done, int status)
{
    return done ? status_only(status) : refused(done.error());
}

Task<Response> order(RequestContext& request, RebuildOrder what)
{
    const auto admin = admin_of(request);
    auto name = request.path_parameter("projection");
    if (!admin || !name) {
        co_return admin ? bad_input(name.error()) : problem(admin.error());
    }
    const auto done = co_await (*admin)->order(*std::move(name), what);
    co_return answer(done, 202);
}

} // namespace

Task<Response> list_projections(RequestContext& request)
{
    const auto admin = admin_of(request);
    if (!admin) {
        co_return problem(admin.error());
    }
    const auto all = co_await (*admin)->list();
    co_return all ? json_ok(projections_json(*all)) : problem(all.error());
}

Task<Response> get_projection(RequestContext& request)
{
    const auto admin = admin_of(request);
    auto name = request.path_parameter("projection");
    if (!admin || !name) {
        co_return admin ? bad_input(name.error()) : problem(admin.error());
    }
    const auto one = co_await (*admin)->get(*std::move(name));
    co_return one ? json_ok(projection_json(*one) + "\n") : refused(one.error());
}

Task<Response> list_parked_folds(RequestContext& request)
{
    const auto admin = admin_of(request);
    auto name = request.path_parameter("projection");
    if (!admin || !name) {
        co_return admin ? bad_input(name.error()) : problem(admin.error());
    }
    const auto parked = co_await (*admin)->parked(*std::move(name));
    co_return parked ? json_ok(parked_json(*parked)) : refused(parked.error());
}

Task<Response> list_foreign_writes(RequestContext& request)
{
    const auto admin = admin_of(request);
    auto name = request.path_parameter("projection");
    if (!admin || !name) {
        co_return admin ? bad_input(name.error()) : problem(admin.error());
    }
    const auto writes = co_await (*admin)->foreign_writes(*std::move(name));
    co_return writes ? json_ok(foreign_writes_json(*writes)) : refused(writes.error());
}

Task<Response> list_snapshots(RequestContext& request)
{
    const auto admin = admin_of(request);
    auto name = request.path_parameter("projection");
    if (!admin || !name) {
        co_return admin ? bad_input(name.error()) : problem(admin.error());
    }
    const auto snapshots = co_await (*admin)->snapshots(*std::move(name));
    co_return snapshots ? json_ok(snapshots_json(*snapshots)) : refused(snapshots.error());
}

Task<Response> take_snapshot_of_projection(RequestContext& request)
{
    const auto admin = admin_of(request);
    auto name = request.path_parameter("projection");
    if (!admin || !name) {
        co_return admin ? bad_input(name.error()) : problem(admin.error());
    }
    const auto asked = co_await (*admin)->take_snapshot(*std::move(name));
    co_return answer(asked, 202);
}

Task<Response> pause_projection(RequestContext& request)
{
    const auto admin = admin_of(request);
    auto name = request.path_parameter("projection");
    if (!admin || !name) {
        co_return admin ? bad_input(name.error()) : problem(admin.error());
    }
    const auto done = co_await (*admin)->pause(*std::move(name));
    co_return answer(done, 204);
}

Task<Response> resume_projection(RequestContext& request)
{
    const auto admin = admin_of(request);
    auto name = request.path_parameter("projection");
    if (!admin || !name) {
        co_return admin ? bad_input(name.error()) : problem(admin.error());
    }
    const auto done = co_await (*admin)->resume(*std::move(name));
    co_return answer(done, 204);
}

Task<Response> retry_projection(RequestContext& request)
{
    const auto admin = admin_of(request);
    auto name = request.path_parameter("projection");
    if (!admin || !name) {
        co_return admin ? bad_input(name.error()) : problem(admin.error());
    }
    const auto stream = parse_retry(request.body);
    if (!stream) {
        co_return bad_input(stream.error());
    }
    const auto asked = co_await (*admin)->retry(*std::move(name), *stream);
    if (!asked) {
        co_return refused(asked.error());
    }
    auto response = json_ok("{\"streams\":" + std::to_string(*asked) + "}\n");
    response.status = 202;
    co_return response;
}

Task<Response> rebuild_projection_of_ledger(RequestContext& request)
{
    const auto admin = admin_of(request);
    const auto name = request.path_parameter("projection");
    if (!admin || !name) {
        co_return admin ? bad_input(name.error()) : problem(admin.error());
    }
    const auto wish = parse_rebuild(request.body);
    if (!wish) {
        co_return bad_input(wish.error());
    }
    const auto asked = co_await (*admin)->rebuild(*name, *wish);
    auto response = answer(asked, 202);
    if (asked) {
        response.header("Location", request.services().base_path + "/v1/projections/" + *name);
    }
    co_return response;
}

Task<Response> pause_rebuild(RequestContext& request)
{
    co_return co_await order(request, RebuildOrder::pause);
}

Task<Response> resume_rebuild(RequestContext& request)
{
    co_return co_await order(request, RebuildOrder::resume);
}

Task<Response> swap_rebuild(RequestContext& request)
{
    co_return co_await order(request, RebuildOrder::swap);
}

Task<Response> cancel_rebuild(RequestContext& request)
{
    co_return co_await order(request, RebuildOrder::cancel);
}

Task<Response> roll_back_projection(RequestContext& request)
{
    const auto admin = admin_of(request);
    auto name = request.path_parameter("projection");
    if (!admin || !name) {
        co_return admin ? bad_input(name.error()) : problem(admin.error());
    }
    const auto done = co_await (*admin)->roll_back(*std::move(name));
    co_return answer(done, 204);
}

} // namespace sealstream::http
