#pragma once

// Edits of emission policies. An edit is an event of the ledger's own log first and holds second:
// nothing changes a rule that the log does not show, with who did it and what was there before.

#include "core/event/event_id.hpp"
#include "node/rules/rulebook_follower.hpp"

namespace sealstream {

struct PolicyEdit {
    std::string type;                    // of the events
    std::optional<EmissionPolicy> after; // none: remove it
    Expected expected;                   // of the policy's version
    std::string source;                  // who edits
    std::string actor;
};

struct EditedPolicy {
    RulebookPtr rules;     // in which the edit holds
    Version version;       // of the policy
    Position position;     // of its latest edit
    bool is_changed{true}; // false: it was so already, and nothing was appended
    bool is_new{false};    // there was no policy before
};

// Appends the edit and waits until this node enforces it; the others follow within moments.
//
//   conflict          the policy is not as `expected`, or others keep editing it
//   not_found         there is no policy to remove
//   refused           there are `types_max` policies already
//   outcome_unknown   repeat it: an edit that has been made is not made twice
//   and as RulebookFollower::current() and EventLog::append()
[[nodiscard]] Task<Result<EditedPolicy>> edit_policy(EventLog& log, RulebookFollower& rules,
                                                     EventIdSource& ids, PolicyEdit edit,
                                                     std::size_t types_max,
                                                     std::chrono::milliseconds apply_wait_max);

} // namespace sealstream
