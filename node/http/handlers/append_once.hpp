#pragma once

// The stage of appending that makes repeats harmless, for ever (docs/idempotency.md): an append
// whose ids come from the client or from its keys is looked up first. What is there already is
// compared with the record in the log; what is not goes to the log, as long as the look-up holds.

#include "node/http/known_events.hpp"
#include "node/http/packs/guard_stage.hpp"
#include "node/http/services.hpp"

namespace sealstream::http {

// EventLog::append(), with repeats recognised however old they are. Errors are those of the log,
// and:
//
//   key_reuse           an id is in the log with other content or in another stream, or only a part
//                       of the append is there
//   in_progress         this node is appending one of the ids just now
//   projection_behind   whether it is a repeat can not be told now
//
// and those of append_guarded(): what is no repeat passes the guards.
[[nodiscard]] Task<Result<Appended>> append_once(Services& services, AppendRequest request,
                                                 Appender appender);

// Whether a client or a key has given an event its id.
[[nodiscard]] bool may_hold_repeat(const std::vector<StreamAppend>& batch);

// The first answer, when the request is in the log already: perhaps only since its ids were looked
// up, for what looks them up lags. For what is about to be refused: it costs a look at the log.
//   key_reuse   with other content, or a part of it
[[nodiscard]] Task<Result<std::optional<Appended>>> first_answer(Services& services,
                                                                 const AppendRequest& request);

// By the rules as they are now.
[[nodiscard]] KnownEventsParts known_events_parts(const Services& services);

} // namespace sealstream::http
