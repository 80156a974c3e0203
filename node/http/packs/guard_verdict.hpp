#pragma once

// What the guards of a pack say about one event, and what follows for its append. Pure.

#include "core/event/append_plan.hpp"
#include "core/ports/pack_reader.hpp"

namespace sealstream::http {

struct GuardVerdict {
    std::vector<std::string> violations; // JSON objects, for the client
    Version version{};                   // of the stream, as the tables show it; 0: they do not say
};

// From the rows of a guard's SQL: the columns version and violation.
//   internal   no such columns, or not of their types
[[nodiscard]] Result<GuardVerdict> read_verdict(const PackRows& rows);

// What a client or a command expects of the stream, together with the version at which the guards
// have agreed. Tables that showed the log up to `head` have seen at least that version.
//   conflict   both can not hold
[[nodiscard]] Result<Expected> guarded_condition(const Expected& stated, Version seen);

} // namespace sealstream::http
