#pragma once

// The unit that holds the key. It trusts nobody's tree: it reads the leaves back from the audit
// stream, computes the root from its own right edge, and signs only what extends everything that it
// has ever signed and does not go back in time. Runs on the node's I/O thread; one call at a time.

#include "audit/audit_head.hpp"
#include "core/async/awaitable.hpp"
#include "core/ports/audit_log.hpp"

#include <filesystem>
#include <optional>

namespace sealstream {

struct SignerOptions {
    std::chrono::milliseconds clock_back_max{
        1'000};                            // how far our clock may be behind what was sealed
    std::vector<VerifierKey> predecessors; // older keys that this log was signed with
    // Where the newest signed note is kept, against an audit stream that was rolled back; empty:
    // nowhere. Never restore it from a backup.
    std::filesystem::path memory_file;
};

// A signed note, and the audit entry that publishes it.
struct SignedHead {
    Checkpoint checkpoint;
    Bytes entry;
};

class Signer {
public:
    Signer(AuditLog& log, const Clock& clock, SigningKey key, SignerOptions options = {});

    [[nodiscard]] VerifierKey verifier() const { return key_.verifier(); }
    // Our key and its predecessors: what the audit stream may be signed with.
    [[nodiscard]] const std::vector<VerifierKey>& trusted() const noexcept { return trusted_; }

    // The body of the leaf that brings our key in after `previous`.
    [[nodiscard]] KeyLeaf key_leaf(std::optional<VerifierKey> previous) const;

    // Signs the tree that ends with audit entry `sequence`, when it is as large as said and has
    // that root.
    //
    //   conflict   another auditor has gone on: what comes after `sequence` is signed already
    //   corrupt    it is not an extension of what was signed, or not what the caller says: a fork
    //   refused    our clock is behind the leaves, or behind an earlier signature: try again later
    //   and what AuditLog says
    [[nodiscard]] Task<Result<SignedHead>> sign(std::uint64_t sequence, std::uint64_t size,
                                                Digest root);

private:
    [[nodiscard]] Task<Result<void>> open();
    [[nodiscard]] Task<Result<void>> follow(std::uint64_t sequence);
    [[nodiscard]] Result<void> fold(const AuditEntry& entry);
    [[nodiscard]] Result<void> check_time();
    [[nodiscard]] Result<void> check_signed_before();
    [[nodiscard]] Result<void> remember(const Checkpoint& checkpoint, const std::string& note);
    [[nodiscard]] Result<void> recall();

    AuditLog& log_;
    const Clock& clock_;
    SigningKey key_;
    SignerOptions options_;
    std::vector<VerifierKey> trusted_;
    std::optional<AuditHead> head_;    // empty: read the stream first
    std::optional<Checkpoint> signed_; // the newest that we know to be signed
    bool is_recalled_{false};
    WallTime last_signed_at_;
};

} // namespace sealstream
