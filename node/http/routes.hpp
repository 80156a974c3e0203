#pragma once

// The one table of endpoints. To add one: a row in routes.cpp, a file in handlers/, a test, and its
// operation in openapi/*.yaml (a test compares the table with the document).

#include "node/http/request_context.hpp"

#include <span>

namespace sealstream::http {

enum class Surface : std::uint8_t { clients, operators }; // which listener
// The role that a caller needs; security/caller.hpp says which includes which.
enum class Access : std::uint8_t { anyone, metrics, reader, auditor, writer, admin };
// Whose streams a request touches. With {type} in its pattern a route is about streams of that
// type, whatever stands here.
enum class Scope : std::uint8_t {
    ledger,  // of every type: the role must hold for all
    handler, // the handler asks RequestContext::require() for each type that it touches
};
enum class BodyMode : std::uint8_t {
    none,
    whole,
    bulk
}; // bulk: NDJSON is streamed, all else whole

using Handler = Task<Response> (*)(RequestContext& request);

struct Route {
    Verb verb;
    std::string_view pattern; // "/v1/streams/{type}/{id}/events"
    std::string_view name;    // metric label, log field and anchor in the documentation
    Surface surface;
    Access access;
    BodyMode body;
    int usual_status;
    Handler handler;
    Scope scope{Scope::ledger};
};

[[nodiscard]] std::span<const Route> routes() noexcept;
[[nodiscard]] std::vector<RouteLabel> route_labels();

// Whether `path` fits; fills in the parameters when it does. No parameter is empty.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view path,
                           PathParameters& parameters);

} // namespace sealstream::http
