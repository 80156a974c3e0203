// The operators' endpoints, on the admin listener only. The status code is the contract; the text
// is for people.
//
// GET /livez      200 ok: the process turns its loop
// GET /startupz   200 ok, or 503: still starting
// GET /readyz     200 ok, or 503 with the reasons; ?verbose lists every check as "[+]name ok",
// ?exclude=name leaves
//                 one out
// GET /metrics    200 Prometheus text format 0.0.4
// GET /version    200 {"version","ledger","log_incarnation","durability"}
// POST /drain     202: the node answers what it has, then ends, as on SIGTERM
//                 403: a browser sent this from another site

#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/node_json.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

namespace {

Response plain(int status, std::string text)
{
    Response response;
    response.status = status;
    response.content_type = text_type;
    response.body = std::move(text);
    response.header("Cache-Control", "no-store");
    return response;
}

} // namespace

Task<Response> get_livez(RequestContext&)
{
    co_return plain(200, "ok\n");
}

Task<Response> get_startupz(RequestContext& request)
{
    const bool is_started = request.services().health.is_started();
    co_return plain(is_started ? 200 : 503, is_started ? "ok\n" : "still starting\n");
}

Task<Response> get_readyz(RequestContext& request)
{
    const auto query = request.query();
    if (!query) {
        co_return bad_input(query.error());
    }
    const auto excluded = query->all("exclude");
    std::string list;
    std::string reasons;
    for (const auto& finding : request.services().health.findings()) {
        if (std::find(excluded.begin(), excluded.end(), finding.name) != excluded.end()) {
            continue;
        }
        const bool is_well = finding.reason.empty();
        list.append(is_well ? "[+]" : "[-]").append(finding.name);
        list.append(is_well ? " ok" : " failed: " + finding.reason).append("\n");
        if (!is_well) {
            reasons.append(finding.name).append(": ").append(finding.reason).append("\n");
        }
    }
    const int status = reasons.empty() ? 200 : 503;
    if (query->has("verbose")) {
        co_return plain(status, std::move(list));
    }
    co_return plain(status, reasons.empty() ? "ok\n" : std::move(reasons));
}

Task<Response> get_metrics(RequestContext& request)
{
    auto& services = request.services();
    // One page for several ledgers, and whoever asks may see some of them.
    const auto shows = [&request, &services](std::string_view ledger) {
        return services.gate->options().has_open_metrics ||
               permits_all(request.caller(), security::Role::auditor, ledger);
    };
    auto response =
        plain(200, services.metrics_text ? services.metrics_text(shows) : services.metrics.text());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    co_return response;
}

Task<Response> get_version(RequestContext& request)
{
    co_return json_ok(version_json(request.services()));
}

Task<Response> post_drain(RequestContext& request)
{
    // A page in a browser can post to loopback; it can not leave out Origin.
    if (request.head().has_field("origin")) {
        co_return problem(Error{Errc::forbidden, "POST /drain from a browser"});
    }
    if (!request.services().request_drain) {
        co_return problem(Error{Errc::unsupported, "no drain was wired"});
    }
    request.services().request_drain();
    co_return plain(202, "draining\n");
}

} // namespace sealstream::http
