#pragma once

// Reads an audit stream into a head. Runs on the node's I/O thread.

#include "audit/audit_head.hpp"
#include "core/async/awaitable.hpp"
#include "core/ports/audit_log.hpp"

namespace sealstream {

inline constexpr std::size_t audit_read_entries_max = 256; // in one request

// The head at the end of the stream: finds the newest checkpoint from the back, and folds what
// follows.
//   corrupt                       the stream contradicts itself
//   untrusted_key, bad_signature  its newest checkpoint is not signed by `keys`
//   and what AuditLog says
[[nodiscard]] Task<Result<AuditHead>> read_audit_head(AuditLog& log, std::vector<VerifierKey> keys);

// The head right at the newest checkpoint; that of an empty stream when there is none.
[[nodiscard]] Task<Result<AuditHead>> read_newest_checkpoint(AuditLog& log,
                                                             std::vector<VerifierKey> keys);

// Folds the entries after `head` up to `until`; that many must be there.
[[nodiscard]] Task<Result<void>> catch_up(AuditLog& log, std::span<const VerifierKey> keys,
                                          AuditHead& head, std::uint64_t until);

} // namespace sealstream
