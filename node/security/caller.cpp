#include "node/security/caller.hpp"

#include "node/security/words.hpp"

#include <algorithm>

namespace sealstream::security {

namespace {

template <class Fits>
bool has_grant(const Caller& caller, Role role, std::string_view ledger, Fits fits)
{
    return std::any_of(caller.grants.begin(), caller.grants.end(), [&](const Grant& grant) {
        return grant.roles.includes(role) && matches_any(grant.ledgers, ledger) &&
               fits(grant.streams);
    });
}

} // namespace

std::string_view name(Role role) noexcept
{
    switch (role) {
    case Role::reader:
        return "reader";
    case Role::writer:
        return "writer";
    case Role::auditor:
        return "auditor";
    case Role::admin:
        return "admin";
    }
    return "?";
}

bool RoleSet::includes(Role role) const noexcept
{
    switch (role) {
    case Role::reader:
        return has(Role::reader) || has(Role::auditor) || has(Role::admin);
    case Role::writer:
        return has(Role::writer);
    case Role::auditor:
        return has(Role::auditor) || has(Role::admin);
    case Role::admin:
        return has(Role::admin);
    }
    return false;
}

bool permits(const Caller& caller, Role role, std::string_view ledger,
             std::string_view stream_type) noexcept
{
    return has_grant(caller, role, ledger, [stream_type](const auto& patterns) {
        return matches_any(patterns, stream_type);
    });
}

bool permits_all(const Caller& caller, Role role, std::string_view ledger) noexcept
{
    return has_grant(caller, role, ledger, [](const auto& patterns) {
        return std::find(patterns.begin(), patterns.end(), "*") != patterns.end();
    });
}

bool permits_some(const Caller& caller, Role role, std::string_view ledger) noexcept
{
    return has_grant(caller, role, ledger, [](const auto&) { return true; });
}

} // namespace sealstream::security
