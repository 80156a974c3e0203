#include "node/security/access_rules.hpp"

#include "node/security/words.hpp"

#include <algorithm>
#include <array>

namespace sealstream::security {

namespace {

constexpr std::string_view claim_prefix = "claim.";
constexpr std::array all_roles{Role::reader, Role::writer, Role::auditor, Role::admin};

Result<RoleSet> parse_roles(const std::vector<std::string>& names)
{
    RoleSet roles;
    for (const std::string& text : names) {
        const auto* const found = std::find_if(all_roles.begin(), all_roles.end(),
                                               [&text](Role role) { return name(role) == text; });
        if (found == all_roles.end()) {
            return Error{Errc::malformed, "\"" + text +
                                              "\" is no role; roles are reader, writer, auditor "
                                              "and admin"};
        }
        roles.add(*found);
    }
    return roles;
}

// The list that a word with values sets; null when it is none of these.
std::vector<std::string>* list_of(AccessRule& rule, std::string_view key)
{
    return key == "source"    ? &rule.sources
           : key == "subject" ? &rule.subjects
           : key == "issuer"  ? &rule.issuers
           : key == "ledgers" ? &rule.grant.ledgers
           : key == "streams" ? &rule.grant.streams
                              : nullptr;
}

bool is_condition(std::string_view key)
{
    return key == "source" || key == "subject" || key == "issuer" || key == "signed-in" ||
           key == "anonymous" || key.starts_with(claim_prefix);
}

Result<void> take_word(AccessRule& rule, Word word)
{
    const bool is_flag = word.key == "signed-in" || word.key == "anonymous";
    if (is_flag != word.values.empty()) {
        return Error{Errc::malformed,
                     "\"" + word.key + "\" " + (is_flag ? "takes no value" : "needs a value")};
    }
    if (is_flag) {
        rule.is_for_anonymous = word.key == "anonymous";
    } else if (word.key == "roles") {
        SEAL_TRY(roles, parse_roles(word.values));
        rule.grant.roles = roles;
    } else if (word.key.starts_with(claim_prefix) && word.key.size() > claim_prefix.size()) {
        rule.claims.push_back({word.key.substr(claim_prefix.size()), std::move(word.values)});
    } else if (auto* const list = list_of(rule, word.key)) {
        *list = std::move(word.values);
    } else {
        return Error{Errc::malformed, "\"" + word.key + "\" is no word of an access rule"};
    }
    return {};
}

bool holds(const std::vector<std::string>& patterns, std::string_view text) noexcept
{
    return patterns.empty() || (!text.empty() && matches_any(patterns, text));
}

} // namespace

Result<AccessRule> parse_access_rule(std::string_view line)
{
    SEAL_TRY(words, parse_words(line));
    AccessRule rule;
    bool has_condition = false;
    bool has_roles = false;
    for (Word& word : words) {
        has_condition = has_condition || is_condition(word.key);
        has_roles = has_roles || word.key == "roles";
        SEAL_TRY_VOID(take_word(rule, std::move(word)));
    }
    if (!has_condition || !has_roles) {
        return Error{Errc::malformed, has_roles
                                          ? "it does not say for whom: source=, subject=, issuer=, "
                                            "claim.NAME=, signed-in or anonymous"
                                          : "it has no roles="};
    }
    const bool is_about_somebody = !rule.sources.empty() || !rule.subjects.empty() ||
                                   !rule.issuers.empty() || !rule.claims.empty();
    if (rule.is_for_anonymous && is_about_somebody) {
        return Error{Errc::malformed, "anonymous callers have no source, subject, issuer or claim"};
    }
    return rule;
}

bool applies(const AccessRule& rule, const Identity& identity) noexcept
{
    if (rule.is_for_anonymous) {
        return true;
    }
    if (identity.means == Means::nothing || !holds(rule.sources, identity.source) ||
        !holds(rule.subjects, identity.subject) || !holds(rule.issuers, identity.issuer)) {
        return false;
    }
    return std::all_of(
        rule.claims.begin(), rule.claims.end(), [&](const AccessRule::ClaimCondition& condition) {
            return std::any_of(identity.claims.begin(), identity.claims.end(),
                               [&](const Claim& claim) {
                                   return claim.name == condition.name &&
                                          matches_any(condition.patterns, claim.value);
                               });
        });
}

std::vector<Grant> grants_for(const std::vector<AccessRule>& rules, const Identity& identity)
{
    std::vector<Grant> grants;
    for (const AccessRule& rule : rules) {
        if (applies(rule, identity)) {
            grants.push_back(rule.grant);
        }
    }
    return grants;
}

} // namespace sealstream::security
