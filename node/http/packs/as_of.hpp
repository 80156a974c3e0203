#pragma once

// ?as-of= of queries: a position of the log, or an RFC 3339 time.

#include "node/http/packs/served_packs.hpp"
#include "node/http/request_context.hpp"

#include <optional>

namespace sealstream::http {

// The position that is meant: for a time, the last one that was ingested at or before it; none when
// it is not given.
//   malformed   neither of the two, or a time that is still to come; for the client
//   and what reading the log can fail with
[[nodiscard]] Task<Result<std::optional<Position>>> resolve_as_of(Services& services,
                                                                  std::string text);

// What became of a read as of a position that failed: told with a remedy where there is one.
[[nodiscard]] Response as_of_problem(const PackEndpoint& endpoint, Error error);

} // namespace sealstream::http
