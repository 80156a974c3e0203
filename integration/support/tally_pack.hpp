#pragma once

// A pack for whole clusters, on disk: it counts every event of every stream, so that one that is
// missing or counted twice shows.

#include "integration/support/cluster.hpp"

namespace sealstream::testing {

// Writes it into the folder; returns what packs.enabled is set to.
[[nodiscard]] std::string write_tally_pack(const std::string& folder);

// Waits until it has counted all that is in the log, and compares it with a count of the log
// itself.
void check_tally(Cluster& cluster);

} // namespace sealstream::testing
