#pragma once

// SQL on the table of payload keys. Blocking; each function is one statement or one transaction.

#include "core/ports/payload_keys.hpp"
#include "core/retention/retention_rules.hpp"
#include "core/retention/wrapping_key.hpp"
#include "postgres/connection.hpp"

namespace sealstream {

// Whether this key has wrapped all that are there.
//   unsupported   another has
[[nodiscard]] Result<void> check_wrapping(Connection& connection, const std::string& ledger,
                                          const WrappingKey& wrapping);

// The key of the period that it is now, by the clock of the server; made when there is none.
//   unsupported   it is wrapped by another key
[[nodiscard]] Result<CurrentPayloadKey>
current_payload_key(Connection& connection, const std::string& ledger, const WrappingKey& wrapping,
                    const std::string& retention_class, std::chrono::seconds length);

//   unsupported   as above
[[nodiscard]] Result<std::vector<FoundPayloadKey>>
find_payload_keys(Connection& connection, const std::string& ledger, const WrappingKey& wrapping,
                  const std::vector<std::string>& names);

// Destroys keys whose time is over, at most `keys_max` of them, the oldest first; and what waits of
// their payloads for a fold. On disk when it returns. How many.
[[nodiscard]] Result<std::size_t> destroy_payload_keys(Connection& connection,
                                                       const std::string& ledger,
                                                       const RetentionRules& rules,
                                                       std::size_t keys_max);

// Destroyed, and not yet said in the log.
struct UntoldKey {
    std::string name;
    WallTime destroyed;
};
[[nodiscard]] Result<std::vector<UntoldKey>>
untold_payload_keys(Connection& connection, const std::string& ledger, std::size_t keys_max);
[[nodiscard]] Result<void> mark_told(Connection& connection, const std::string& ledger,
                                     const std::string& name, Position position);

// One runner a ledger: a lock of the session.
[[nodiscard]] Result<bool> try_own_expiry(Connection& connection, const std::string& ledger);

} // namespace sealstream
