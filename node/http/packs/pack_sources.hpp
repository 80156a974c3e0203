#pragma once

// What a query's answer is made of where it is not its SQL alone: events of the ledger, and what
// the audit says about them.
//
//   source         arguments                                        found
//   event          id                                               one event
//   stream_events  stream, after (a version), limit                 a list of events
//   events         after (a position), limit, order (asc, desc),    a list of events
//                  wait (seconds), type, stream_type, stream,
//                  source, actor, category, from, to
//   verify_stream  stream                                           {valid, chain_intact, issues,
//                                                                    events_checked, position}
//   verify_ledger  none                                             the same of everything, and
//                                                                    issues_total, tree_size
//   status         none                                             {ledger, events, position,
//                                                                    first_time, last_time,
//                                                                    durability, signed_to,
//                                                                    signed_at, tree_size}
//
// Events have the form of GET /v1/events/{id}, and payload_digest: BLAKE3 (hex) of their data as
// deterministic CBOR, which is what a ledger in that codec keeps beside it. Arguments that are null
// are not given.

#include "core/packs/pack_routes.hpp"
#include "node/http/request_context.hpp"

#include <boost/json/object.hpp>

namespace sealstream::http {

struct SourceAnswer {
    boost::json::value value;
    Position reached{}; // it shows everything up to it; 0: unknown
};

//   malformed     an argument does not fit; for the client
//   not_found     no such event, or the stream has no events
//   unavailable   there is no index or no auditor here, or it does not answer
[[nodiscard]] Task<Result<SourceAnswer>> find_source(Services& services, QuerySource source,
                                                     boost::json::object arguments);

} // namespace sealstream::http
