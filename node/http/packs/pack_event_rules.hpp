#pragma once

// What packs say about events of their types before they are appended: pure.

#include "core/event/event.hpp"
#include "core/packs/pack.hpp"

#include <map>
#include <memory>
#include <optional>

namespace sealstream::http {

struct PackEventRule {
    std::string pack{};
    std::string category{};             // may be empty
    std::vector<std::string> streams{}; // types of the streams that it may go to
};
using PackEventRules = std::map<std::string, PackEventRule, std::less<>>; // by event type
using PackEventRulesPtr = std::shared_ptr<const PackEventRules>;

void add_event_rules(PackEventRules& to, const Pack& pack);

// Gives the event the category of its type, where it has none.
//   emission_refused   its type does not go to streams of this type
[[nodiscard]] Result<void> hold_to_pack(const PackEventRule& rule, const StreamName& stream,
                                        Draft& draft);

} // namespace sealstream::http
