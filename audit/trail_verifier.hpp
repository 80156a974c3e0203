#pragma once

// Verifies an audit stream entry by entry, and goes on after what is wrong: a leaf that was changed
// is known by the hash that the next leaf names, and a signed checkpoint brings its right edge
// along. What the leaves say about the log comes out as expectations, in order.

#include "audit/audit_head.hpp"
#include "audit/verify_report.hpp"

#include <deque>
#include <optional>

namespace sealstream {

// What the log should hold.
struct Expectation {
    enum class Kind : std::uint8_t {
        event,    // that event, at `first`
        rejected, // those bytes, at `first`
        gap,      // nothing, from `first` to `last`
        unknown,  // the leaf for `first` to `last` is lost
        rollback, // go on at `first`
    };
    Kind kind{Kind::event};
    bool is_of_other_log{false}; // sealed in an incarnation that is not the one we look at
    Position first;
    Position last;
    EventId id;
    Version version;
    WallTime ingested;
    Digest stream{};
    Digest record{};
    std::uint64_t leaf_index{0};
};

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
    void expect(const Leaf& leaf);
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
