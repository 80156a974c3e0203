#pragma once

// The start of an epoch: read and verify the audit stream, append the EPOCH entry that fences the
// writer before, and find out whether the log is still the one that was sealed.

#include "audit/service/auditor.hpp"

namespace sealstream {

// Appends the next EPOCH; returns the head right after it.
//   conflict   another writer was faster every time
//   and what read_audit_head() and AuditLog say
[[nodiscard]] Task<Result<AuditHead>> take_over(AuditLog& audit, const Signer& signer, Stop& stop,
                                                const AuditorOptions& options);

// The ROLLBACK that must be sealed before anything else, if the log is not the one that was sealed.
[[nodiscard]] Task<Result<std::optional<RollbackLeaf>>> find_rollback(EventLog& log,
                                                                      const AuditHead& head);

// The hole right after `covered`.
//   not_found   there is none
//   corrupt     it is larger than `events_max`
[[nodiscard]] Task<Result<GapLeaf>> find_gap(EventLog& log, Position covered,
                                             std::uint64_t events_max);

} // namespace sealstream
