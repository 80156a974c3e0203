#pragma once

// States of the past in Postgres: versions in the state `past`, each at one position. The functions
// block; each is one transaction.
//
// Whoever makes one, or reads it, holds a lock on it; whoever drops it takes the lock first. Making
// needs a second session for the lock, because a pack's SQL could give it away.

#include "projections/cursor_store.hpp"

#include <chrono>

namespace sealstream {

struct PastVersion {
    std::string projection;
    int version{0};
    std::string schema_name;
    Position position;
    Position base; // of the snapshot that it began with; 0: none
};

// Inside the caller's transaction, after create_past(): it is being made. `holder` holds it.
[[nodiscard]] Result<void> begin_past(Connection& connection, Connection& holder,
                                      const std::string& ledger, const ProjectionVersion& version,
                                      Position at, bool is_kept);
[[nodiscard]] Result<void> complete_past(Connection& connection, const std::string& ledger,
                                         const ProjectionVersion& version);

// A complete one of this SQL at this position, and that it was used now.
[[nodiscard]] Result<std::optional<PastVersion>> find_past(Connection& connection,
                                                           const std::string& ledger,
                                                           const std::string& projection,
                                                           Position position);

// Whether this session may make the one at this position; until it ends.
[[nodiscard]] Result<bool> try_make_past(Connection& connection, const std::string& ledger,
                                         const std::string& projection, Position position);

// Inside the caller's transaction, in which it is read: false when it was dropped.
[[nodiscard]] Result<bool> hold_past(Connection& connection, const std::string& ledger,
                                     const PastVersion& past);

// Inside the caller's transaction, in which it becomes something else: false when somebody uses it.
[[nodiscard]] Result<bool> try_move_past(Connection& connection, const std::string& ledger,
                                         const std::string& projection, int version);
// False: somebody uses it.
[[nodiscard]] Result<bool> drop_past(Connection& connection, const std::string& ledger,
                                     const std::string& projection, int version);

// Of those that nobody has ordered: what was not used for `unused`, what is more than `states_max`,
// and what was never completed. How many.
[[nodiscard]] Result<std::size_t> evict_past(Connection& connection, const std::string& ledger,
                                             std::size_t states_max, std::chrono::seconds unused);

// Those that an operator has ordered.
[[nodiscard]] Result<std::vector<PastVersion>> read_kept_past(Connection& connection,
                                                              const std::string& ledger);

} // namespace sealstream
