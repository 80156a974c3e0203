#pragma once

// The sources of pack_sources.hpp that speak of the whole ledger.

#include "node/http/packs/pack_sources.hpp"

namespace sealstream::http {

//   unavailable   there is no auditor here, or it could not be decided
//   overloaded    somebody verifies just now
[[nodiscard]] Task<Result<SourceAnswer>> find_ledger_verdict(Services& services);

[[nodiscard]] Task<Result<SourceAnswer>> find_ledger_status(Services& services);

} // namespace sealstream::http
