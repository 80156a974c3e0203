#pragma once

// Verifies a ledger: the whole audit stream, and every record of the log against it.
//
// It reads both once, in order. Memory: a window of each, the findings (bounded), and the newest
// version and hash of every stream (audit/stream_checker.hpp). Other coroutines run between its
// steps.

#include "audit/log_matcher.hpp"
#include "core/async/awaitable.hpp"
#include "core/ports/audit_log.hpp"
#include "core/ports/event_log.hpp"

#include <functional>

namespace sealstream {

struct VerifyProgress {
    Position position; // compared up to here
    Position head;
    std::uint64_t events{0};
    std::uint64_t findings{0};
};

struct VerifyOptions {
    std::vector<VerifierKey> trusted; // pinned; never taken from what is verified
    std::size_t findings_max{1'000};  // kept; all are counted
    std::optional<std::string>
        known_note;              // a checkpoint seen earlier, which must still be in the stream
    std::optional<WallTime> now; // to judge how long events have waited for their leaf
    std::chrono::milliseconds unsealed_max{60'000};
    std::uint64_t progress_events{65'536}; // between two calls
    std::function<void(const VerifyProgress&)> on_progress;
};

// Never fails: what can not be read is a finding, and the verdict then `undecided`.
[[nodiscard]] Task<VerifyReport> verify_ledger(EventLog& log, AuditLog& audit,
                                               VerifyOptions options);

} // namespace sealstream
