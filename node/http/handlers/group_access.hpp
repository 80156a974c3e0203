#pragma once

// Whose a group is. Who may read every stream may use every group; others those whose filter names
// stream types, if they may read all of them.

#include "core/ports/consumer_groups.hpp"
#include "node/http/request_context.hpp"

namespace sealstream::http {

//   forbidden   the group is not for the caller, or there is none: names are not told apart
//   …           what ConsumerGroups::get answers
[[nodiscard]] Task<Result<void>> admit_to_group(const RequestContext& request, std::string group);

// Whether the caller may read all that was claimed: the filter may have been another when these
// events were taken up.
[[nodiscard]] bool may_see(const RequestContext& request, const GroupClaim& claim);

} // namespace sealstream::http
