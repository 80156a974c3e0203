#pragma once

// The stage of appending that makes repeats harmless, for ever (docs/idempotency.md): an append
// whose ids come from the client or from its keys is looked up first. What is there already is
// compared with the record in the log; what is not goes to the log, as long as the look-up holds.

#include "core/ports/event_log.hpp"
#include "node/http/id_lookup.hpp"
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

// What is known of one event before it is appended.
struct KnownPlace {
    Placed placed;
    bool is_same{false}; // the record says what the draft says
};

// Reads the records at `places` and compares them with the drafts that have these ids. `at` names
// each draft and its stream. In the order of `at`; nothing for a draft that is not in `places`.
//   corrupt       the index knows what the log does not have
//   unavailable   the log does not answer
struct DraftAt {
    const StreamName* stream;
    const Draft* draft;
};
[[nodiscard]] Task<Result<std::vector<std::optional<KnownPlace>>>>
compare_with_log(Services& services, std::vector<DraftAt> drafts, IdLookup::Places places);

} // namespace sealstream::http
