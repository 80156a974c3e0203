// GET /.well-known/openapi         200 the OpenAPI 3.1 document: YAML when Accept names it, else
// JSON GET /.well-known/openapi.json    200 … GET /.well-known/openapi.yaml    200 … GET
// /.well-known/asyncapi        200 the AsyncAPI 3 document of the feeds, likewise
//                                  304 If-None-Match names it

#include "node/http/openapi/documents.hpp"

#include "core/base/encoding.hpp"
#include "core/event/digest.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/packs/served_packs.hpp"

namespace sealstream::http {

namespace {

constexpr std::string_view yaml_type = "application/yaml"; // RFC 9512

enum Form : std::size_t { as_json, as_yaml };

Response document(const RequestContext& request, std::string_view text, Form form)
{
    const std::string tag = "\"" + to_hex(sha256(as_bytes(text)).view().first(8)) + "\"";
    Response response;
    response.content_type = form == as_yaml ? yaml_type : json_type;
    set_caching(response, Caching::revalidate);
    response.header("ETag", tag);
    response.header("Vary", "Accept");
    if (request.field("if-none-match") == tag) {
        response.status = 304;
    } else {
        response.body = text;
    }
    return response;
}

std::string_view openapi_text(const RequestContext& request, Form form)
{
    const auto& packs = request.services().packs;
    const bool has_routes = packs != nullptr && !packs->endpoints().empty();
    if (has_routes) {
        return form == as_yaml ? packs->openapi_yaml() : packs->openapi();
    }
    return openapi_document()[form].text;
}

Form wanted_form(const RequestContext& request)
{
    return request.accepts(yaml_type) ? as_yaml : as_json;
}

} // namespace

Task<Response> get_openapi(RequestContext& request)
{
    const Form form = wanted_form(request);
    co_return document(request, openapi_text(request, form), form);
}

Task<Response> get_openapi_json(RequestContext& request)
{
    co_return document(request, openapi_text(request, as_json), as_json);
}

Task<Response> get_openapi_yaml(RequestContext& request)
{
    co_return document(request, openapi_text(request, as_yaml), as_yaml);
}

Task<Response> get_asyncapi(RequestContext& request)
{
    const Form form = wanted_form(request);
    co_return document(request, asyncapi_document()[form].text, form);
}

} // namespace sealstream::http
