// Rules of access: what they say, whom they are for, and that nothing is granted by accident.

#include "node/security/access_rules.hpp"
#include "node/security/words.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <random>

using namespace sealstream;
using namespace sealstream::security;

namespace {

// The specification of patterns: try everything.
bool spec_matches(std::string_view pattern, std::string_view text)
{
    if (pattern.empty()) {
        return text.empty();
    }
    if (pattern.front() == '*') {
        return spec_matches(pattern.substr(1), text) ||
               (!text.empty() && spec_matches(pattern, text.substr(1)));
    }
    return !text.empty() && (pattern.front() == '?' || pattern.front() == text.front()) &&
           spec_matches(pattern.substr(1), text.substr(1));
}

struct World {
    std::vector<AccessRule> rules;
    Identity identity;
};

// The specification of a decision: every rule, condition and list in plain loops.
bool spec_permits(const World& world, Role role, const std::string& ledger,
                  const std::string& stream)
{
    const auto any = [](const std::vector<std::string>& patterns, const std::string& text) {
        bool found = false;
        for (const auto& pattern : patterns) {
            found = found || spec_matches(pattern, text);
        }
        return found;
    };
    bool is_permitted = false;
    for (const auto& rule : world.rules) {
        bool is_for_us = true;
        if (!rule.is_for_anonymous) {
            const auto& who = world.identity;
            is_for_us = who.means != Means::nothing;
            const auto demand = [&](const std::vector<std::string>& patterns,
                                    const std::string& text) {
                if (!patterns.empty() && (text.empty() || !any(patterns, text))) {
                    is_for_us = false;
                }
            };
            demand(rule.sources, who.source);
            demand(rule.subjects, who.subject);
            demand(rule.issuers, who.issuer);
            for (const auto& condition : rule.claims) {
                bool has_claim = false;
                for (const auto& claim : who.claims) {
                    has_claim = has_claim || (claim.name == condition.name &&
                                              any(condition.patterns, claim.value));
                }
                is_for_us = is_for_us && has_claim;
            }
        }
        const auto& roles = rule.grant.roles;
        const bool has_role =
            roles.has(role) || (role == Role::reader && roles.has(Role::auditor)) ||
            ((role == Role::reader || role == Role::auditor) && roles.has(Role::admin));
        is_permitted = is_permitted || (is_for_us && has_role && any(rule.grant.ledgers, ledger) &&
                                        any(rule.grant.streams, stream));
    }
    return is_permitted;
}

Caller caller_of(const World& world)
{
    Caller caller;
    caller.identity = world.identity;
    caller.grants = grants_for(world.rules, world.identity);
    return caller;
}

} // namespace

TEST_CASE("patterns agree with their slow specification", "[security][property]")
{
    const auto seed = testing::seed();
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const auto word = [&random](std::string_view letters, std::size_t longest) {
        std::string text(random() % (longest + 1), ' ');
        for (char& letter : text) {
            letter = letters[random() % letters.size()];
        }
        return text;
    };
    std::size_t differences = 0;
    for (int round = 0; round < 20'000; ++round) {
        const auto pattern = word("ab*?", 7);
        const auto text = word("ab", 8);
        if (matches_pattern(pattern, text) != spec_matches(pattern, text)) {
            ++differences;
            UNSCOPED_INFO(pattern << " on " << text);
        }
    }
    CHECK(differences == 0);
}

TEST_CASE("decisions agree with their slow specification", "[security][property]")
{
    const auto seed = testing::seed();
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const auto pick = [&random](std::vector<std::string> all) {
        return all[random() % all.size()];
    };
    const auto maybe = [&random](std::string text) { return random() % 2 == 0 ? text : ""; };
    std::size_t differences = 0;
    std::size_t permitted = 0;
    for (int round = 0; round < 5'000; ++round) {
        World world;
        for (std::size_t count = random() % 4; count > 0; --count) {
            const auto who = pick({"source=a*", "source=b|c", "subject=s", "issuer=i signed-in",
                                   "signed-in", "anonymous", "claim.g=x source=*", "claim.g=y|z"});
            const auto what = pick({"reader", "writer", "auditor", "admin", "reader|writer"});
            const auto line = who + " roles=" + what + maybe(" ledgers=m*") +
                              maybe(pick({" streams=deal", " streams=agent|d*"}));
            const auto rule = parse_access_rule(line);
            INFO(line);
            REQUIRE(rule);
            world.rules.push_back(*rule);
        }
        auto& who = world.identity;
        who.means = pick({"", "token"}).empty() ? Means::nothing : Means::token;
        if (who.means != Means::nothing) {
            who.source = pick({"", "a1", "b", "d"});
            who.subject = pick({"", "s", "t"});
            who.issuer = pick({"", "i"});
            who.claims = {{"g", pick({"x", "y", "q"})}, {"h", "x"}};
        }
        const auto caller = caller_of(world);
        for (const Role role : {Role::reader, Role::writer, Role::auditor, Role::admin}) {
            for (const auto* ledger : {"main", "other"}) {
                for (const auto* stream : {"deal", "agent", "x"}) {
                    const bool expected = spec_permits(world, role, ledger, stream);
                    permitted += expected ? 1U : 0U;
                    differences += permits(caller, role, ledger, stream) != expected ? 1U : 0U;
                }
            }
        }
    }
    CHECK(differences == 0);
    CHECK(permitted > 1'000); // the worlds are not all empty
}

TEST_CASE("a rule that could mean something else is refused", "[security]")
{
    struct Row {
        const char* line;
        const char* reason;
    };
    const auto row = GENERATE(
        Row{"", "has no roles"}, Row{"roles=reader", "does not say for whom"},
        Row{"source=a", "has no roles"}, Row{"source=a roles=root", "is no role"},
        Row{"source= roles=reader", "lacks a value"},
        Row{"source=a| roles=reader", "lacks a value"},
        Row{"source=a roles=reader stream=deal", "is no word"},
        Row{"source=a source=b roles=reader", "twice"}, Row{"claim.=a roles=reader", "is no word"},
        Row{"signed-in=yes roles=reader", "no value"}, Row{"source roles=reader", "needs a value"},
        Row{"=a roles=reader", "no name"},
        Row{"anonymous source=a roles=reader", "anonymous callers have no"});
    CAPTURE(row.line);

    const auto rule = parse_access_rule(row.line);

    REQUIRE(!rule);
    CHECK(rule.error().code == Errc::malformed);
    CHECK_THAT(rule.error().context, Catch::Contains(row.reason));
}

TEST_CASE("without a rule nobody may do anything", "[security]")
{
    World world;
    world.identity = {Means::token, "a", "s", "i", {}};
    const auto caller = caller_of(world);

    for (const Role role : {Role::reader, Role::writer, Role::auditor, Role::admin}) {
        CHECK_FALSE(permits_some(caller, role, "main"));
    }
}

TEST_CASE("a pattern that fits every type of today is not a grant for all types", "[security]")
{
    World world;
    world.identity = {Means::token, "a", "s", "i", {}};
    world.rules = {*parse_access_rule("source=a roles=reader streams=deal|agent|?*")};

    CHECK(permits(caller_of(world), Role::reader, "main", "deal"));
    CHECK_FALSE(permits_all(caller_of(world), Role::reader, "main"));
}
