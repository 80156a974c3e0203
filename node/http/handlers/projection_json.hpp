#pragma once

// Projections as clients see them, and what operators ask of them.

#include "core/base/result.hpp"
#include "core/ports/projection_admin.hpp"

namespace sealstream::http {

[[nodiscard]] std::string projection_json(const ProjectionStatus& status); // without a line feed
[[nodiscard]] std::string projections_json(const std::vector<ProjectionStatus>& all);
[[nodiscard]] std::string parked_json(const std::vector<ParkedFold>& parked);
[[nodiscard]] std::string snapshots_json(const Snapshots& snapshots);
[[nodiscard]] std::string foreign_writes_json(const std::vector<ForeignWrite>& writes);

//   malformed, bad_name   as bodies are
[[nodiscard]] Result<std::optional<StreamName>> parse_retry(std::string_view body);
[[nodiscard]] Result<RebuildWish> parse_rebuild(std::string_view body);

} // namespace sealstream::http
