#pragma once

// Every handler; each has a file of its own whose first lines are its contract.

#include "node/http/request_context.hpp"

namespace sealstream::http {

// Writing.
Task<Response> append_to_stream(RequestContext& request);
Task<Response> append_mixed(RequestContext& request);

// Reading.
Task<Response> read_events(RequestContext& request);
Task<Response> read_stream(RequestContext& request);
Task<Response> get_event(RequestContext& request);
Task<Response> follow_feed(RequestContext& request);

// Proving.
Task<Response> verify_stream(RequestContext& request);
Task<Response> get_proof(RequestContext& request);
Task<Response> get_checkpoint(RequestContext& request);

// About the node.
Task<Response> get_limits(RequestContext& request);
Task<Response> get_health(RequestContext& request);
Task<Response> get_discovery(RequestContext& request);
Task<Response> get_openapi(RequestContext& request);
Task<Response> get_openapi_json(RequestContext& request);
Task<Response> get_openapi_yaml(RequestContext& request);
Task<Response> get_asyncapi(RequestContext& request);

// For operators, on the admin listener.
Task<Response> get_livez(RequestContext& request);
Task<Response> get_readyz(RequestContext& request);
Task<Response> get_startupz(RequestContext& request);
Task<Response> get_metrics(RequestContext& request);
Task<Response> get_version(RequestContext& request);
Task<Response> post_drain(RequestContext& request);

} // namespace sealstream::http
