#pragma once

// What a node says about the audit side, from the audit stream alone: any node can, whether or not
// the auditor runs beside it.

#include "audit/entry.hpp"
#include "audit/merkle_tree.hpp"
#include "core/ports/audit_log.hpp"
#include "core/ports/event_log.hpp"
#include "core/ports/ledger_auditor.hpp"

#include <optional>

namespace sealstream {

struct AuditViewOptions {
    // Proofs need the tree's nodes in memory, 64 bytes a leaf; larger trees answer `unavailable`.
    std::uint64_t proof_leaves_max{2'000'000};
    std::size_t read_entries{256};
    std::uint64_t verify_events_max{2'000'000}; // of a ledger that is verified in a request
    std::size_t verify_faults_max{10};          // that are shown
};

class AuditView final : public LedgerAuditor {
public:
    AuditView(EventLog& log, AuditLog& audit, AuditViewOptions options = {})
        : log_{log},
          audit_{audit},
          options_{options}
    {
    }

    [[nodiscard]] boost::asio::awaitable<Result<std::string>> checkpoint() override;
    [[nodiscard]] boost::asio::awaitable<Result<AuditStatus>> status() override;
    [[nodiscard]] boost::asio::awaitable<Result<StreamVerdict>>
    verify_stream(StreamName stream) override;
    [[nodiscard]] boost::asio::awaitable<Result<LedgerVerdict>> verify_ledger() override;
    [[nodiscard]] boost::asio::awaitable<Result<std::string>> proof(Position position) override;

private:
    struct Newest {
        CheckpointEntry entry;
        std::uint64_t tree_size{0};
        std::string origin;
    };
    [[nodiscard]] boost::asio::awaitable<Result<Newest>> newest();
    [[nodiscard]] boost::asio::awaitable<Result<void>> grow(std::uint64_t tree_size);

    EventLog& log_;
    AuditLog& audit_;
    AuditViewOptions options_;
    DenseTree tree_;
    std::uint64_t followed_{0}; // audit entries that are in tree_
    bool is_growing_{false};
    bool is_verifying_{false};
};

} // namespace sealstream
