#pragma once

// The one table of endpoints. To add one: a row in routes.cpp, a file in handlers/, a test.

#include "node/http/request_context.hpp"

#include <span>

namespace sealstream::http {

enum class Surface : std::uint8_t { clients, operators }; // which listener
enum class Access : std::uint8_t { anyone, reader, writer, admin };
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
};

[[nodiscard]] std::span<const Route> routes() noexcept;
[[nodiscard]] std::vector<RouteLabel> route_labels();

// Whether `path` fits; fills in the parameters when it does. No parameter is empty.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view path,
                           PathParameters& parameters);

} // namespace sealstream::http
