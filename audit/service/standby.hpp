#pragma once

// Auditors beside each other: one seals, the others stand by. The newest to start deposes the one
// before; who was deposed watches the audit stream, and goes on when it has been silent for longer
// than a living auditor ever is (it writes heartbeats).
//
// No lease is needed: if the watcher errs, the epoch that it begins fences the other, as ever.

#include "audit/service/auditor.hpp"

namespace sealstream {

struct StandbyOptions {
    std::chrono::milliseconds silence_max{15'000}; // several heartbeats
    std::chrono::milliseconds look_again{500};
};

// Returns when stopped, or when the auditor has halted.
[[nodiscard]] Task<void> run_or_stand_by(Auditor& auditor, AuditLog& audit, const Clock& clock,
                                         Stop& stop, StandbyOptions options);

} // namespace sealstream
