#pragma once

// The one translation of what Postgres says into what the caller can do.

#include "core/base/error.hpp"

namespace sealstream {

// What a failed statement means, by its SQLSTATE (PostgreSQL manual, appendix A). Empty: the
// connection broke without an answer. The transaction is rolled back in every case.
//
//   unavailable   the server is away, or stopping, or a standby
//   overloaded    a lock, deadlock or serialization failure, or no memory: repeat the transaction
//   capacity      the disk is full
//   timed_out     the statement took longer than its limit
//   conflict      a unique constraint
//   corrupt       another constraint, or damaged storage
//   malformed     a value that its column can not hold
//   unsupported   the setup is wrong: rights, missing database, missing schema
[[nodiscard]] Errc errc_of_sqlstate(std::string_view sqlstate) noexcept;

// The same for COMMIT: where an answer does not rule out that it has happened, it is
// outcome_unknown.
[[nodiscard]] Errc errc_of_commit(std::string_view sqlstate) noexcept;

} // namespace sealstream
