#pragma once

// Every rule that decides about appends, as they are at one position of the log: a pure fold of the
// system streams, so all nodes that have read as far have the same. A snapshot is shared and never
// changes; the follower (node/rules) makes the next one.
//
// To add a kind of rule: its class with apply(), a member here, a row in rulebook.cpp.

#include "core/rules/emission_rules.hpp"
#include "core/rules/schema_rules.hpp"

namespace sealstream {

struct Rulebook {
    EmissionRules emission;
    SchemaRules schemas;

    Position applied{}; // the last event that was folded in

    // An event of one of rulebook_stream_types(), in the order of the log.
    //   corrupt, unsupported   the rules from here on are not known: enforce nothing, accept
    //   nothing
    [[nodiscard]] Result<void> apply(const StoredEvent& event);
};

[[nodiscard]] std::vector<std::string> rulebook_stream_types();

using RulebookPtr = std::shared_ptr<const Rulebook>;

} // namespace sealstream
