#pragma once

// Who a request is from, and whether its route is for them. Runs once for every request, before its
// body is read; what is not allowed here is denied.

#include "node/http/routes.hpp"

namespace sealstream::http {

// Sets the caller of a request whose route is known. An error is the answer:
//   unauthenticated   401 with WWW-Authenticate: credentials that do not hold, or none where the
//                     route needs a role
//   forbidden         403: the caller has not got the role, or not for these streams
//   unavailable       503: the keys of the token's issuer are not there
//   overloaded        429: the client has used up its rate; request.rate says until when
[[nodiscard]] Result<void> admit(RequestContext& request);

// Whether the caller may append this event to a stream of this type; makes the actor who signed in
// where the settings say so. Every way to append asks this for every event.
//   forbidden
//   unauthenticated   the credentials have ended since the request began
[[nodiscard]] Result<void> admit_draft(const RequestContext& request, std::string_view stream_type,
                                       Draft& draft);

// Whether the caller may read all that a filter lets through. Who may not read everything must name
// a stream type.
//   forbidden
[[nodiscard]] Result<void> admit_reading(const RequestContext& request,
                                         std::string_view stream_type);

// The answer to a request that was not admitted.
[[nodiscard]] Response not_admitted(Error error);
[[nodiscard]] Response not_admitted(const RequestContext& request, Error error);

// What is left of the client's rate, as header fields (draft-ietf-httpapi-ratelimit-headers).
void add_rate_fields(const RequestContext& request, Response& response);

} // namespace sealstream::http
