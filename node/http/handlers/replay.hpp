#pragma once

// Repeats of old requests. A log recognises an id that it has seen lately; the event index knows
// all ids. So a request with a key is looked up there first, and what the index finds is compared
// with the record in the log.

#include "core/ports/event_log.hpp"
#include "node/http/services.hpp"

#include <optional>

namespace sealstream::http {

// The places of `drafts` when they have been appended before; nothing when the first of them is
// unknown. Without an index, or while it is away, nothing is known here: the log's own memory must
// do.
//
//   key_reuse   an id is there with other content or in another stream, or only some ids are there
[[nodiscard]] Task<Result<std::optional<Appended>>>
find_replay(Services& services, const StreamName& stream, const std::vector<Draft>& drafts);

} // namespace sealstream::http
