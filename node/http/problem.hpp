#pragma once

// Every error leaves the node as application/problem+json (RFC 9457): a stable type and code, the
// status, what happened, what to do next, the place in the input, whether repeating may help, and
// the request's id.

#include "node/http/response.hpp"

namespace sealstream::http {

// Status, title and remedy come from the error table; the context is for the log, not for the
// client.
[[nodiscard]] Response problem(Error error);

// For faults that we found in the client's own input: here the context speaks of nothing else, so
// it is shown.
[[nodiscard]] Response bad_input(Error error);

// The same with a status of HTTP's own, such as 405 or 415.
[[nodiscard]] Response refusal(int status, std::string code, std::string explanation);

// Fills the body of a response that holds a problem. `request_id` becomes its instance.
void render_problem(Response& response, std::string_view request_id);

// 0: none. A retryable error without its own wait says one second.
[[nodiscard]] std::chrono::seconds retry_after(const Problem& problem);

} // namespace sealstream::http
