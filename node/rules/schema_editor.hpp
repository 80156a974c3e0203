#pragma once

// Registrations of schemas and redactions. Like edits of policies they are events of the ledger's
// own log first and hold second; a schema and its redactions that are registered together hold
// together.

#include "core/event/event_id.hpp"
#include "node/rules/rulebook_follower.hpp"

namespace sealstream {

struct SchemaEdit {
    std::string type;                                 // of the events
    std::optional<std::string> schema;                // canonical JSON; none: as it is
    std::optional<Compatibility> compatibility;       // none: as before, at first backward
    std::optional<std::vector<Redaction>> redactions; // none: as they are
    Expected expected;                                // of the schema's version
    std::string source;                               // who registers
    std::string actor;
};

struct SchemaEditLimits {
    std::size_t types_max;
    std::size_t versions_max; // of one type's schema
    std::chrono::milliseconds apply_wait_max;
};

struct EditedSchema {
    RulebookPtr rules;               // in which the edit holds
    bool is_changed{true};           // false: it was so already, and nothing was appended
    std::vector<SchemaBreak> breaks; // why nothing was appended: the schema may not follow
};

// Appends the edit and waits until this node enforces it.
//
//   malformed, too_large   the schema can not be held, with a pointer into it
//   conflict               the schema is not as `expected`, or others keep editing it
//   refused                one of the limits is reached
//   outcome_unknown        repeat it: what has been registered is not registered twice
//   and as RulebookFollower::current() and EventLog::append()
[[nodiscard]] Task<Result<EditedSchema>> edit_schema(EventLog& log, RulebookFollower& rules,
                                                     EventIdSource& ids, SchemaEdit edit,
                                                     SchemaEditLimits limits);

} // namespace sealstream
