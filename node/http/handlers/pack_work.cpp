// GET    /v1/invariants, /v1/invariants/{invariant}
//   200  whether each holds, at which position of the ledger that was seen, and how its runs went
// POST   /v1/invariants/{invariant}/run
//   202  {"run": n}: it is looked at once more, in a moment; done when "answered" has reached n
// GET    /v1/schedules, /v1/schedules/{schedule}
//   200  what each has appended and what was refused, for which moment, and how its runs went
//
//   404  no pack declares such a one; 503 without Postgres there are none

#include "node/http/handlers/group_json.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/problem.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace sealstream::http {

namespace {

namespace json = boost::json;

Result<PackWork*> work_of(const RequestContext& request)
{
    PackWork* const work = request.services().pack_work;
    if (work == nullptr) {
        return Error{Errc::unavailable, "invariants and schedules need Postgres"};
    }
    return work;
}

json::value text_or_null(const std::string& text)
{
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object work_status_object(const WorkStatus& status)
{
    const bool is_invariant = status.declared.kind == WorkKind::invariant;
    json::object one{{"name", status.declared.name},
                     {"pack", status.declared.pack},
                     {"every_ms", status.declared.every.count()},
                     {"state", status.state},
                     {"position", std::to_string(status.cursor.value)},
                     {"last_run", text_or_null(status.ran_at)},
                     {"last_done", text_or_null(status.came_through_at)},
                     {"next_run", text_or_null(status.next_at)},
                     {"seconds", status.seconds},
                     {"runs", status.runs},
                     {"failed_runs", status.failed_runs},
                     {"event", status.told == Position{}
                                   ? json::value(nullptr)
                                   : json::value(std::to_string(status.told.value))},
                     {"has_runner", status.has_runner}};
    one["failure"] = status.failures == 0 ? json::value(nullptr)
                                          : json::value(json::object{{"code", status.failure_code},
                                                                     {"detail", status.failure},
                                                                     {"runs", status.failures}});
    boost::system::error_code failed;
    auto rows = json::parse(status.rows, failed);
    if (failed) {
        rows = json::array{};
    }
    one[is_invariant ? "rows" : "refused"] = std::move(rows);
    one["has_more"] = status.has_more_rows;
    if (is_invariant) {
        one["summary"] = status.declared.summary;
        one["severity"] = status.declared.severity;
        one["asked"] = status.asked;
        one["answered"] = status.answered;
    } else {
        one["moment"] = text_or_null(status.moment);
        one["appended_events"] = status.appended;
        one["refused_rows"] = status.refused;
    }
    return one;
}

Response problem_of(Error error)
{
    return error.code == Errc::not_found ? bad_input(std::move(error)) : problem(std::move(error));
}

Task<Response> list(RequestContext& request, WorkKind kind, const char* name)
{
    const auto work = work_of(request);
    if (!work) {
        co_return problem(work.error());
    }
    const auto all = co_await (*work)->list(kind);
    if (!all) {
        co_return problem(all.error());
    }
    json::array found;
    for (const WorkStatus& status : *all) {
        found.push_back(work_status_object(status));
    }
    co_return json_ok(json::serialize(json::object{{name, std::move(found)}}) + "\n");
}

Task<Response> list_or_show(RequestContext& request, WorkKind kind)
{
    const auto work = work_of(request);
    auto wanted = request.path_parameter(name(kind));
    if (!work || !wanted) {
        co_return work ? bad_input(wanted.error()) : problem(work.error());
    }
    const auto one = co_await (*work)->get(kind, *std::move(wanted));
    co_return one ? json_ok(json::serialize(work_status_object(*one)) + "\n")
                  : problem_of(one.error());
}

} // namespace

Task<Response> list_invariants(RequestContext& request)
{
    co_return co_await list(request, WorkKind::invariant, "invariants");
}

Task<Response> get_invariant(RequestContext& request)
{
    co_return co_await list_or_show(request, WorkKind::invariant);
}

Task<Response> run_invariant(RequestContext& request)
{
    const auto work = work_of(request);
    const auto wanted = request.path_parameter("invariant");
    if (!work || !wanted) {
        co_return work ? bad_input(wanted.error()) : problem(work.error());
    }
    const auto asked = co_await (*work)->run(WorkKind::invariant, *wanted);
    if (!asked) {
        co_return problem_of(asked.error());
    }
    auto response = json_ok("{\"run\":" + std::to_string(*asked) + "}\n");
    response.status = 202;
    response.header("Location", request.services().base_path + "/v1/invariants/" + *wanted);
    co_return response;
}

Task<Response> list_schedules(RequestContext& request)
{
    co_return co_await list(request, WorkKind::schedule, "schedules");
}

Task<Response> get_schedule(RequestContext& request)
{
    co_return co_await list_or_show(request, WorkKind::schedule);
}

} // namespace sealstream::http
