#pragma once

// The streams in which the ledger remembers what it has told about an invariant, and for which
// moments a schedule has appended.

#include "core/async/awaitable.hpp"
#include "core/ports/event_log.hpp"

namespace sealstream {

// None: the stream has no events.
//   corrupt       the log contradicts itself
//   unavailable   it does not answer, or does not show its newest events yet
[[nodiscard]] Task<Result<std::optional<StoredEvent>>> last_event(EventLog& log, StreamName stream);

// The ledger's own event behind version `seen` of its stream, and behind no other. Its id is
// determined by stream and version, so the same again is a repeat.
[[nodiscard]] StreamAppend own_append(StreamName stream, Version seen, Draft draft,
                                      std::string actor);

} // namespace sealstream
