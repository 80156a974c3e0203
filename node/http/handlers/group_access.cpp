#include "node/http/handlers/group_access.hpp"

#include <algorithm>

namespace sealstream::http {

using security::Role;

Task<Result<void>> admit_to_group(const RequestContext& request, std::string group)
{
    if (request.may_all(Role::reader)) {
        co_return Result<void>{};
    }
    const Error refused{Errc::forbidden, "the group is for others, or there is none"};
    const auto status = co_await request.services().groups->get(std::move(group));
    if (!status) {
        co_return status.error().code == Errc::not_found ? refused : status.error();
    }
    const auto& types = status->definition.filter.stream_types;
    const bool is_theirs = !types.empty() && std::all_of(types.begin(), types.end(),
                                                         [&request](const std::string& type) {
                                                             return request.may(Role::reader, type);
                                                         });
    if (!is_theirs) {
        co_return refused;
    }
    co_return Result<void>{};
}

bool may_see(const RequestContext& request, const GroupClaim& claim)
{
    return std::all_of(claim.events.begin(), claim.events.end(), [&request](const auto& delivered) {
        return request.may(Role::reader, delivered.event.event.stream.type);
    });
}

} // namespace sealstream::http
