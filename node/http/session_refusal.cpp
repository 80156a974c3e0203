// What a session answers by itself, when a request could not be read.

#include "node/http/problem.hpp"
#include "node/http/session.hpp"

namespace sealstream::http {

Response Session::refusal_for(Got got) const
{
    const auto& limits = shared_.services.limits;
    if (got == Got::timeout) {
        return refusal(408, "request_timeout", "The request did not arrive in time.");
    }
    if (got == Got::end) {
        return refusal(400, "malformed", "The body ends before its framing does.");
    }
    switch (framing_) {
    case Framing::header_too_large:
        return refusal(431, "header_too_large",
                       "Header fields may have " + std::to_string(limits.header_bytes_max) +
                           " bytes.");
    case Framing::uri_too_long:
        return refusal(414, "uri_too_long",
                       "The request target may have " + std::to_string(limits.uri_bytes_max) +
                           " bytes.");
    case Framing::body_too_large:
        return refusal(413, "too_large",
                       "A body may have " + std::to_string(limits.body_bytes_max) +
                           " bytes; NDJSON to an endpoint for events has no such limit.");
    case Framing::ok:
    case Framing::malformed:
        break;
    }
    return refusal(400, "malformed", "This is not a well-formed HTTP/1.1 request.");
}

void Session::count_refusal(Got got)
{
    auto reason = Rejection::bad_framing;
    if (got == Got::timeout) {
        reason = Rejection::timeout;
    } else if (framing_ == Framing::body_too_large) {
        reason = Rejection::body_too_large;
    } else if (framing_ == Framing::header_too_large || framing_ == Framing::uri_too_long) {
        reason = Rejection::header_too_large;
    }
    shared_.services.metrics.request_rejected(reason);
}

// For requests whose header could not be read.
Task<bool> Session::refuse(Got got)
{
    if (got == Got::end) {
        co_return false;
    }
    count_refusal(got);
    shared_.services.metrics.request_started();
    RequestContext request{head_, shared_.services};
    request.request_id = make_request_id();
    auto response = refusal_for(got);
    response.must_close = true;
    finish(request, response, shared_.services.clock.monotonic());
    co_return co_await answer(response);
}

} // namespace sealstream::http
