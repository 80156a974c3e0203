// What a client may know about the node without being anybody.
//
// GET /v1/limits                200 every limit, by name
// GET /v1/health                200 {"status":"ok"}, or 503 {"status":"unavailable"}; may be cached
// for a second GET /.well-known/sealstream   200 ledger, versions, durability, endpoints, limits

#include "core/event/canonical_json.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/handlers/node_json.hpp"
#include "node/http/routes.hpp"

namespace sealstream::http {

Task<Response> get_limits(RequestContext& request)
{
    co_return json_ok(limits_json(request.services()), Caching::revalidate);
}

Task<Response> get_health(RequestContext& request)
{
    const bool is_ready = request.services().health.is_ready();
    Response response;
    response.status = is_ready ? 200 : 503;
    response.body = is_ready ? "{\"status\":\"ok\"}\n" : "{\"status\":\"unavailable\"}\n";
    response.header("Cache-Control", "max-age=1");
    co_return response;
}

Task<Response> get_discovery(RequestContext& request)
{
    auto& services = request.services();
    std::string json = version_json(services);
    json.resize(json.size() - 2); // "}\n"
    json.append(",\"api\":[\"v1\"],\"endpoints\":[");
    bool is_first = true;
    for (const Route& route : routes()) {
        if (route.surface != Surface::clients) {
            continue;
        }
        json.append(is_first ? "" : ",").append("{\"method\":\"").append(name(route.verb));
        json.append("\",\"path\":");
        append_canonical_string(json, route.pattern);
        json.append(",\"name\":\"").append(route.name).append("\"}");
        is_first = false;
    }
    json.append("],\"limits\":").append(limits_json(services));
    json.back() = '}';
    json.append("\n");
    co_return json_ok(std::move(json), Caching::revalidate);
}

} // namespace sealstream::http
