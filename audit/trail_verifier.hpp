#pragma once

// Verifies an audit stream entry by entry, and goes on after what is wrong: a leaf that was changed
// is known by the hash that the next leaf names, and a signed checkpoint brings its right edge
// along. What the leaves say about the log comes out as expectations, in order.

#include "audit/audit_head.hpp"
#include "audit/expectation.hpp"
#include "audit/verify_report.hpp"

#include <deque>
#include <optional>

namespace sealstream {

// A tree that somebody saw signed once: the stream must still contain it.
struct KnownTree {
    std::uint64_t size{0};
    Digest root{};
};

class TrailVerifier {
public:
    // `incarnation` is that of the log which the expectations will be compared with.
    TrailVerifier(std::vector<VerifierKey> trusted, const Digest& incarnation,
                  std::optional<KnownTree> known, VerifyReport& report, FindingList& findings);

    void accept(std::uint64_t sequence, ByteView bytes);

    // The stream has no entry `sequence`.
    void missing(std::uint64_t sequence);

    // No entry comes any more.
    void finish();

    [[nodiscard]] std::deque<Expectation>& expectations() noexcept { return expectations_; }
    [[nodiscard]] const std::deque<Expectation>& expectations() const noexcept
    {
        return expectations_;
    }

private:
    void accept(std::uint64_t sequence, const EpochEntry& entry);
    void accept(const BlockEntry& block);
    void accept(const CheckpointEntry& entry);
    void accept_leaf(ByteView bytes, bool is_first_of_block, const BlockEntry& block);
    void lose_leaves();
    void settle(const Digest& named, std::uint64_t named_by);
    void settle();
    void check_known();
    void anchor(const CheckpointEntry& entry, const Checkpoint& checkpoint);
    void add(FindingKind kind, std::string text, std::optional<std::uint64_t> leaf = {});

    const std::vector<VerifierKey> trusted_;
    const Digest incarnation_;
    std::optional<KnownTree> known_;
    VerifyReport& report_;
    FindingList& findings_;
    AuditHead head_;                       // its tree lacks the last leaf while that one is pending
    std::optional<VerifierKey> epoch_key_; // which the EPOCH entry says to sign with
    std::uint64_t next_index_{0};
    bool has_pending_{
        false}; // head_.last_leaf is not in the tree yet: the next leaf may name another hash
    bool is_tree_known_{true};  // false from a loss up to the next checkpoint
    bool is_place_known_{true}; // likewise for what the leaves cover
    std::deque<Expectation> expectations_;
};

} // namespace sealstream
