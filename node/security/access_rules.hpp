#pragma once

// Who gets which role: rules in the settings, each one line. All conditions of a rule must hold,
// any of a condition's patterns suffices; what no rule grants is denied.
//
//   source=registry-*|teg roles=writer streams=agent|treasury
//   issuer=https://id.example claim.groups=ledger-admins roles=admin|reader
//   subject=spiffe://example.org/auditor roles=auditor ledgers=main
//   signed-in roles=reader              everybody with a certificate or a token
//   anonymous roles=reader ledgers=open everybody; meant for public ledgers
//
//   condition   source=, subject=, issuer=, claim.NAME=, signed-in, anonymous
//   grant       roles= (reader, writer, auditor, admin), ledgers= and streams= (all when not said)

#include "node/security/caller.hpp"

namespace sealstream::security {

inline constexpr std::size_t access_rules_max = 1'000;

struct AccessRule {
    struct ClaimCondition {
        std::string name;
        std::vector<std::string> patterns;
    };
    bool is_for_anonymous{false};
    std::vector<std::string> sources{}; // empty: no condition
    std::vector<std::string> subjects{};
    std::vector<std::string> issuers{};
    std::vector<ClaimCondition> claims{};
    Grant grant{};
};

//   malformed   an unknown word or role, no condition, or no role; the context says which
[[nodiscard]] Result<AccessRule> parse_access_rule(std::string_view line);

[[nodiscard]] bool applies(const AccessRule& rule, const Identity& identity) noexcept;

[[nodiscard]] std::vector<Grant> grants_for(const std::vector<AccessRule>& rules,
                                            const Identity& identity);

} // namespace sealstream::security
