#pragma once

// The pack `deals`, as it is shipped, under the load of AppenderClient: its tables beside a slow
// count of the log.

#include "integration/support/cluster.hpp"

namespace sealstream::testing {

// For packs.enabled.
[[nodiscard]] std::string shipped_deals();

// The tables reach the head of the log and say what its records say: each event of a deal once, in
// its place, with its hash; each deal's version; what was said last of each material.
void check_deals(Cluster& cluster);

} // namespace sealstream::testing
