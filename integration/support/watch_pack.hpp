#pragma once

// A pack for whole clusters, on disk: accounts that must not be in debt, one invariant that can not
// be looked at, and a schedule that sweeps every account once that has reached a hundred.

#include <string>

namespace sealstream::testing {

// Writes it into the folder; returns what packs.enabled is set to.
[[nodiscard]] std::string write_watch_pack(const std::string& folder);

} // namespace sealstream::testing
