#pragma once

// The sections of pack.yaml, each read by one function. Private to core/packs.

#include "core/packs/pack.hpp"
#include "core/packs/reading/reading.hpp"

namespace sealstream {

void read_streams(Reading& reading, MapReader& top, Pack& pack);     // streams, retention
void read_events(Reading& reading, MapReader& top, Pack& pack);      // events
void read_projections(Reading& reading, MapReader& top, Pack& pack); // projections
void read_guards(Reading& reading, MapReader& top, Pack& pack);
void read_queries(Reading& reading, MapReader& top, Pack& pack);
void read_commands(Reading& reading, MapReader& top, Pack& pack);
void read_invariants(Reading& reading, MapReader& top, Pack& pack);
void read_reactors(Reading& reading, MapReader& top, Pack& pack);
void read_schedules(Reading& reading, MapReader& top, Pack& pack);

// "GET /tasks/{id}", with the names in its braces.
struct RouteText {
    PackMethod method{PackMethod::get};
    std::string path;
    std::vector<std::string> names;
};
[[nodiscard]] RouteText read_route(Reading& reading, const DocumentNode& node,
                                   const std::vector<std::string>& methods);
// The declared ones, and those of the path that are not.
[[nodiscard]] std::vector<PackParameter> read_parameters(Reading& reading, const DocumentNode* node,
                                                         const RouteText& route);
[[nodiscard]] ParameterType read_type(Reading& reading, const DocumentNode& node);
[[nodiscard]] std::string sql_type(ParameterType type);
[[nodiscard]] PackRole read_role(Reading& reading, const DocumentNode* node, PackRole otherwise);

// Whether the places path.x and query.x of a template are parameters.
void check_places(Reading& reading, const DocumentNode& node, const JsonTemplate& in,
                  const std::vector<PackParameter>& parameters);

// The names that SQL of a route sees.
[[nodiscard]] SqlNames route_names(const std::vector<PackParameter>& parameters);

} // namespace sealstream
