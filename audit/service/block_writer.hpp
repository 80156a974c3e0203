#pragma once

// The half of the auditor that writes: takes what the other half has sealed, appends it to the
// audit stream, and has the signer sign. It runs beside the reading, so that neither waits for the
// other's round trips.

#include "audit/sealer.hpp"
#include "audit/service/auditor.hpp"
#include "core/async/notifier.hpp"
#include "core/async/task_group.hpp"

namespace sealstream {

class BlockWriter {
public:
    struct Parts {
        AuditLog& audit;
        Signer& signer;
        const Clock& clock;
        const AuditorOptions& options;
        AuditorMetrics& metrics;
        AuditorStatus& status;
    };

    // `sealer` goes on after entry `last`, whose tree was signed up to `signed_size`.
    BlockWriter(Parts parts, Sealer& sealer, std::uint64_t last, std::uint64_t signed_size,
                boost::asio::any_io_executor executor);

    void start() { tasks_.spawn("audit.writer", run()); }

    // There is something new to write.
    void wake() { changed_.notify_all(); }

    // Returns when there is room for more, or the writer has failed.
    [[nodiscard]] Task<void> wait_for_room();

    // Writes and signs the rest unless it has failed, and returns when nothing runs any more.
    [[nodiscard]] Task<Result<void>> finish();

    [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }

private:
    [[nodiscard]] Task<void> run();
    [[nodiscard]] Task<Result<void>> step();
    [[nodiscard]] Task<Result<void>> write();
    [[nodiscard]] Task<Result<void>> sign();
    [[nodiscard]] Task<Result<void>> append(std::vector<Bytes> entries);
    [[nodiscard]] std::chrono::nanoseconds time_to_look(bool has_work) const;
    [[nodiscard]] bool is_lingering() const;
    [[nodiscard]] bool is_checkpoint_due() const;

    Parts parts_;
    Sealer& sealer_;
    std::uint64_t last_; // entry of the audit stream
    std::uint64_t signed_size_;
    SealedBlocks written_; // the tree as of last_
    std::uint64_t unsigned_events_{0};
    Monotonic signed_at_;
    Monotonic linger_since_;
    bool has_pending_{false}; // since linger_since_
    bool is_finishing_{false};
    std::optional<Error> failure_;
    Notifier changed_;
    Notifier room_;
    TaskGroup tasks_;
};

} // namespace sealstream
