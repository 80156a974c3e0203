#pragma once

// How well an append is to be kept before it is acknowledged: `Prefer: durability=<class>`
// (RFC 7240).
//
//   stored             the log has it: it survives the end of any process
//   replicated         … and the loss of one server
//   synced             … and the loss of power on all of them
//   replicated-synced  all of these
//
// A wish that is met is answered with Preference-Applied; one that is not shows in the receipt's
// durability. With `Prefer: handling=strict` it is a must.

#include "core/ports/event_log.hpp"
#include "node/http/request_context.hpp"

#include <optional>

namespace sealstream::http {

// Nothing for a class that there is not.
[[nodiscard]] std::optional<bool> meets(const Durability& achieved, std::string_view wanted);

// The answer to an append whose must is not met, before anything is done:
//   412  durability_unmet: the log of this ledger does not keep appends so well
//   400  malformed: there is no such class
[[nodiscard]] std::optional<Response> durability_refusal(const RequestContext& request);

// Preference-Applied, where it is due.
void confirm_durability(const RequestContext& request, Response& response);

} // namespace sealstream::http
