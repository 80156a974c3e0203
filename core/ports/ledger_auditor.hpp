#pragma once

// What the HTTP front end asks the audit side: is what we hold provable? Answers speak of the
// newest signed checkpoint; what came after it is not covered yet.

#include "core/base/result.hpp"
#include "core/event/digest.hpp"
#include "core/event/event_id.hpp"
#include "core/event/names.hpp"
#include "core/event/position.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sealstream {

struct StreamVerdict {
    bool is_intact{false};
    Version checked;                  // versions 1 to here were recomputed from the stored bytes
    Position covered;                 // the checkpoint seals the log up to here
    std::uint64_t tree_size{0};       // of that checkpoint, in leaves
    Position fault;                   // where it first fails; 0 when intact
    std::string reason;               // what fails there, in words; empty when intact
    std::optional<Digest> expected{}; // there, where two hashes differ
    std::optional<Digest> found{};
};

struct LedgerFault {
    Position position; // 0: of no event
    std::string reason;
    std::optional<Digest> expected{}; // where two hashes differ
    std::optional<Digest> found{};
};

// Says nothing about who has signed: that needs a key that the asker has pinned (sealstream
// verify).
struct LedgerVerdict {
    bool is_intact{false};
    std::uint64_t checked{0};        // records that were compared with their leaf
    Position covered;                // the last position that has a leaf
    std::uint64_t tree_size{0};      // in leaves
    std::vector<LedgerFault> faults; // the first ones
    std::uint64_t faults_total{0};
};

struct AuditStatus {
    std::uint64_t tree_size{0};
    Position covered;
    WallTime signed_at;
    std::string origin; // the log's name in its checkpoints
};

class LedgerAuditor {
public:
    virtual ~LedgerAuditor() = default;

    // The newest checkpoint, byte for byte: a C2SP signed note.
    //   not_found     nothing has been signed yet
    //   unavailable   the audit stream can not be read
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::string>> checkpoint() = 0;

    [[nodiscard]] virtual boost::asio::awaitable<Result<AuditStatus>> status() = 0;

    // A tampered stream is a verdict, not an error.
    //   not_found     the stream has no events
    //   unavailable   it could not be decided
    [[nodiscard]] virtual boost::asio::awaitable<Result<StreamVerdict>>
    verify_stream(StreamName stream) = 0;

    // Reads the whole log and the whole audit stream.
    //   unavailable   it could not be decided, or the ledger is too large to be read in a request
    //   overloaded    one is under way
    [[nodiscard]] virtual boost::asio::awaitable<Result<LedgerVerdict>> verify_ledger()
    {
        co_return Error{Errc::unavailable, "nothing here verifies whole ledgers"};
    }

    // A C2SP tlog-proof that the event at `position` is in the ledger.
    //   not_found     no such position
    //   unavailable   it is not covered by a checkpoint yet
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::string>> proof(Position position) = 0;

protected:
    LedgerAuditor() = default;
    LedgerAuditor(const LedgerAuditor&) = delete;
    LedgerAuditor& operator=(const LedgerAuditor&) = delete;
};

} // namespace sealstream
