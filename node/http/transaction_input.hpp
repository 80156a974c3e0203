#pragma once

// A transaction as clients write it:
//
//   {"appends":    [{"stream":"deal/42", "expected"?:"3", "events":[{"type":…}, …]}, …],
//    "conditions"?: [{"stream":"account/7", "expected":"present"}, …]}
//
// `expected` is a version as a decimal string, "absent", "present", or "any", which an append has
// when it says nothing and a condition must not have. Every error carries a JSON Pointer.

#include "core/event/append_plan.hpp"
#include "node/http/event_input.hpp"

namespace sealstream::http {

struct TransactionInput {
    struct Append {
        StreamName stream;
        Expected expected;
        std::size_t events{0}; // how many of `events` are its own
    };
    std::vector<Append> appends;
    std::vector<EventInput> events; // of all appends, one after the other
    std::vector<StreamCheck> checks;
};

//   malformed, bad_name, …   with a pointer
//   too_large                more events or streams than limits.transaction_events_max
[[nodiscard]] Result<TransactionInput> parse_transaction(std::string_view body,
                                                         const Limits& limits);

} // namespace sealstream::http
