#pragma once

// The one table of endpoints. To add one: a row in routes.cpp with the query parameters that it
// takes, a file in handlers/, a test, and its operation in openapi/*.yaml (a test compares the
// table with the document).

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
    Verb verb{Verb::get};
    std::string_view pattern{}; // "/v1/streams/{type}/{id}/events"
    std::string_view name{};    // metric label, log field and anchor in the documentation
    Surface surface{Surface::clients};
    Access access{Access::admin};
    BodyMode body{BodyMode::none};
    int usual_status{200};
    Handler handler{nullptr};
    Scope scope{Scope::ledger};
    std::string_view query{}; // its query parameters, as Query::check() reads them: all others, 400
};

[[nodiscard]] std::span<const Route> routes() noexcept;
// Whether a pack may claim this path for itself: paths of documents that packs stand for.
[[nodiscard]] bool gives_way(const Route& route) noexcept;
[[nodiscard]] std::vector<RouteLabel> route_labels();

// Adds a verb to the value of Allow, once.
void allow(std::string& allowed, Verb verb);

// Whether `path` fits; fills in the parameters when it does. No parameter is empty.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view path,
                           PathParameters& parameters);

} // namespace sealstream::http
