#pragma once

// Bulk appends: many events, each with a result of its own. Neighbours of one stream share an
// append; appends of different streams run side by side, at most bulk_appends_max of them; one
// stream's never do, so its events keep their order. When a shared append is refused because of one
// of its events, they are tried one by one. A guarded event
// begins an append. Waits where a single append would be told to come back.

#include "node/http/event_input.hpp"
#include "node/http/packs/guard_stage.hpp"
#include "node/http/request_context.hpp"

namespace sealstream::http {

struct BulkItem {
    StreamName stream;
    std::optional<Draft> draft; // none: `error` says what was wrong with it
    bool has_fresh_id{false};   // can not be a repeat
    std::optional<Placed> placed;
    bool is_repeat{false};
    std::optional<Error> error;
    std::string reason; // of a refusal, for the client
    std::string errors; // of a schema, ready JSON objects
};

// Gives the items that are in the log already their places, and those whose ids were used for other
// content their errors; the others may be sent until `send_until`, which outlives the call.
[[nodiscard]] Task<std::vector<BulkItem>>
settle_repeats(Services& services, std::vector<BulkItem> items, Monotonic& send_until);

// Before a bulk that may be a repeat: waits a little for the index to have all that is in the log
// now, because what it knows is passed quickly. Only a matter of speed.
[[nodiscard]] Task<void> let_index_catch_up(Services& services);

// Appends all items that have a draft; afterwards each has a place or an error. After an error that
// may pass (is_retryable), later items of the same stream get it too, so that sending all again
// keeps their order.
[[nodiscard]] Task<std::vector<BulkItem>>
append_items(Services& services, std::vector<BulkItem> items, Appender appender);

// {"status":201,"id":…,"position":…,"version":…} or {"status":400,"code":…,…}, without the opening
// brace.
void append_item_members(std::string& to, const BulkItem& item);

// NDJSON in, NDJSON out, with bounded memory: for each line {"line":"1","status":201,…}, at the end
// {"summary":{"lines":…,"appended":…,"repeated":…,"failed":…,"is_complete":…}}. Without `stream`,
// each event names its own. `?results=errors` leaves out what went well. Stops early, is_complete
// false, after an error that may pass: send all of it again, lines with keys or ids are not
// doubled.
[[nodiscard]] Response append_lines(RequestContext& request, std::string source,
                                    std::optional<StreamName> stream, bool is_conditional);

} // namespace sealstream::http
