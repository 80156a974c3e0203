#include "node/security/gate.hpp"

namespace sealstream::security {

namespace {

CallerPtr make_local()
{
    Caller caller;
    caller.identity.means = Means::loopback;
    Grant everything;
    for (const Role role : {Role::reader, Role::writer, Role::auditor, Role::admin}) {
        everything.roles.add(role);
    }
    caller.grants.push_back(std::move(everything));
    return std::make_shared<const Caller>(std::move(caller));
}

} // namespace

Result<void> check_access_rule(std::string_view line)
{
    const auto rule = parse_access_rule(line);
    return rule ? Result<void>{} : Result<void>{rule.error()};
}

Gate::Gate(AccessOptions options, std::vector<AccessRule> rules)
    : options_{std::move(options)},
      rules_{std::move(rules)},
      nobody_{admit({})},
      local_{make_local()}
{
}

Result<std::unique_ptr<Gate>> Gate::make(AccessOptions options)
{
    std::vector<AccessRule> rules;
    for (const std::string& line : options.rules) {
        auto rule = parse_access_rule(line);
        if (!rule) {
            return with_context(rule.error(), "access.rules \"" + line + "\"");
        }
        rules.push_back(*std::move(rule));
    }
    return std::unique_ptr<Gate>{new Gate{std::move(options), std::move(rules)}};
}

Gate& Gate::loopback_only()
{
    static Gate gate{{}, {}};
    return gate;
}

Result<CallerPtr> Gate::identify(const Credentials& credentials)
{
    if (credentials.authorization_count != 0) {
        return Error{Errc::unauthenticated, "no way to check an Authorization field is set up"};
    }
    if (credentials.certificate != nullptr) {
        return credentials.certificate;
    }
    if (credentials.is_loopback && options_.trusts_loopback) {
        return local_;
    }
    return nobody_;
}

CallerPtr Gate::admit(Identity identity) const
{
    Caller caller;
    caller.grants = grants_for(rules_, identity);
    if (options_.forces_actor) {
        caller.forced_actor = identity.subject;
    }
    caller.identity = std::move(identity);
    return std::make_shared<const Caller>(std::move(caller));
}

} // namespace sealstream::security
