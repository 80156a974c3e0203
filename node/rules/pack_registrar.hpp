#pragma once

// Brings what a pack says about its event types into the rulebook: schemas, redactions and emission
// policies become events of the ledger's own streams where they differ, by the same editors as the
// API's, so that the log shows who changed which rule, and when.
//
//   Who wins   A rule that somebody else edited last stays as it is: what an operator decided is
//   not
//              undone by a restart. A rule of a later version of the same pack stays too, so nodes
//              with different versions do not fight while they are replaced one by one. Schemas
//              follow each other by their compatibility, whoever registered the one before.

#include "core/packs/pack.hpp"
#include "node/rules/policy_editor.hpp"
#include "node/rules/schema_editor.hpp"

namespace sealstream {

struct PackRegistration {
    std::size_t edits{0};          // appended
    std::vector<std::string> kept; // "policies/TokensIssued, edited by ada"
};

// May be repeated: what is so already is not appended again.
//
//   schema_incompatible   a schema may not follow the one that is there; the context names the type
//                         and the reasons
//   and as edit_schema() and edit_policy()
[[nodiscard]] Task<Result<PackRegistration>> register_pack(EventLog& log, RulebookFollower& rules,
                                                           EventIdSource& ids, PackPtr pack,
                                                           SchemaEditLimits limits);

// Who the log says did it: "pack:deals@3".
[[nodiscard]] std::string pack_actor(const Pack& pack);

// Whether a rule that `changed_by` made may be replaced by this pack.
[[nodiscard]] bool may_replace(std::string_view changed_by, const Pack& pack);

} // namespace sealstream
