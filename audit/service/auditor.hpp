#pragma once

// The role that seals the log: reads it in order, appends a leaf for every event to the audit
// stream, and has the signer sign checkpoints. Runs on the node's I/O thread; one run() at a time.
//
// One writer   run() first appends an EPOCH entry, which deposes whoever wrote before. An auditor
// that finds
//              itself deposed stops; it never tries again by itself.
// Crash        It owns no state but the signer's key: it goes on from the audit stream, whatever
// was in flight. Stop         Seals what it has read, has it signed, and returns.

#include "audit/service/metrics.hpp"
#include "audit/service/options.hpp"
#include "audit/service/signer.hpp"
#include "core/async/stop.hpp"
#include "core/ports/event_log.hpp"

namespace sealstream {

enum class AuditorState : std::uint8_t {
    idle,      // not running, or stopped
    starting,  // reads the audit stream, takes over
    following, // seals
    deposed,   // another auditor has taken over
    halted,    // a person must look: a log that contradicts itself, a key that does not fit
};

[[nodiscard]] std::string_view name(AuditorState state) noexcept;

struct AuditorStatus {
    AuditorState state{AuditorState::idle};
    std::uint64_t epoch{0};
    std::uint64_t tree_size{0};       // in the audit stream
    Position covered;                 // by leaves in the audit stream
    std::uint64_t checkpoint_size{0}; // signed
    WallTime checkpoint_time;         // when this auditor signed last; 0 before
    std::string why;                  // deposed or halted
};

class Auditor {
public:
    Auditor(EventLog& log, AuditLog& audit, Signer& signer, const Clock& clock, Stop& stop,
            AuditorOptions options, AuditorMetrics& metrics);
    ~Auditor();
    Auditor(const Auditor&) = delete;
    Auditor& operator=(const Auditor&) = delete;

    // Returns when stopped, deposed or halted; status() tells which. Heals everything else by
    // starting over.
    [[nodiscard]] Task<void> run();

    [[nodiscard]] const AuditorStatus& status() const noexcept { return status_; }

private:
    [[nodiscard]] Task<Result<void>> follow_log();
    void report(const Error& error);

    EventLog& log_;
    AuditLog& audit_;
    Signer& signer_;
    const Clock& clock_;
    Stop& stop_;
    const AuditorOptions options_;
    AuditorMetrics& metrics_;
    AuditorStatus status_;
};

} // namespace sealstream
