#pragma once

// From a request to an answer: finds the route, runs its handler, renders problems, counts and
// logs. Needs no socket. All that is the same for every endpoint happens here and nowhere else.

#include "node/http/routes.hpp"

namespace sealstream::http {

// Sets route and parameters, or says why there is none: 404, or 405 with Allow. A response with
// status 0 means that a route was found.
[[nodiscard]] Response find_route(RequestContext& request, Surface surface);

// Runs the handler of the route that was found.
[[nodiscard]] Task<Response> dispatch(RequestContext& request);

// For what is answered without a handler: renders, counts, logs.
void finish(const RequestContext& request, Response& response, Monotonic began);

// An id that nobody else has: random per process, then counted.
[[nodiscard]] std::string make_request_id();

} // namespace sealstream::http
