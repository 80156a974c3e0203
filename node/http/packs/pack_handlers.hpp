#pragma once

// What answers the routes of packs; request.endpoint says which one.

#include "node/http/request_context.hpp"

namespace sealstream::http {

[[nodiscard]] Task<Response> answer_query(RequestContext& request);
[[nodiscard]] Task<Response> run_command(RequestContext& request);

} // namespace sealstream::http
