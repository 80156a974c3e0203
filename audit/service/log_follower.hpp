#pragma once

// The half of the auditor that reads: takes events from the log in order and seals them; seals a
// GAP where the log has a hole, a ROLLBACK where it went back, a HEARTBEAT in silence.

#include "audit/service/block_writer.hpp"

namespace sealstream {

class LogFollower {
public:
    LogFollower(EventLog& log, const Clock& clock, Stop& stop, const AuditorOptions& options,
                AuditorMetrics& metrics, Sealer& sealer, BlockWriter& writer);

    // What must be sealed before any event: our key when it is new, and a rollback that was found.
    void begin(const Signer& signer, const std::optional<RollbackLeaf>& rollback);

    // Returns without an error when stopped, or when the writer has failed.
    [[nodiscard]] Task<Result<void>> run();

private:
    [[nodiscard]] Task<Result<void>> take(Result<FeedBatch> batch);
    [[nodiscard]] Task<Result<void>> explain(Error failure);
    void seal(const LeafBody& body);

    EventLog& log_;
    const Clock& clock_;
    Stop& stop_;
    const AuditorOptions& options_;
    AuditorMetrics& metrics_;
    Sealer& sealer_;
    BlockWriter& writer_;
    const Digest incarnation_;
    std::unique_ptr<Feed> feed_;
    Monotonic last_leaf_at_;
    unsigned unexplained_{0}; // failures in a row that showed neither gap nor rollback
};

} // namespace sealstream
