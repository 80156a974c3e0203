#pragma once

// Copies of tables that stand still do not forget by themselves: snapshots, versions that are kept
// for a rollback, states of the past. Blocks.

#include "postgres/connection.hpp"

#include <string>

namespace sealstream {

// Drops those that may hold payloads whose key is destroyed; at most forgotten_copies_max at once.
// How many. Each goes in a transaction of its own, and what somebody reads now goes the next time.
inline constexpr int forgotten_copies_max = 100;
[[nodiscard]] Result<std::size_t> drop_forgotten(Connection& connection, const std::string& ledger);

} // namespace sealstream
