#include "audit/trail_verifier.hpp"

#include "audit/tile.hpp"

namespace sealstream {

TrailVerifier::TrailVerifier(std::vector<VerifierKey> trusted, const Digest& incarnation,
                             std::optional<KnownTree> known, VerifyReport& report,
                             FindingList& findings)
    : trusted_{std::move(trusted)},
      incarnation_{incarnation},
      known_{known},
      report_{report},
      findings_{findings}
{
    check_known();
}

void TrailVerifier::add(FindingKind kind, std::string text, std::optional<std::uint64_t> leaf)
{
    findings_.add({kind, {}, {}, {}, leaf, {}, {}, std::move(text)});
}

void TrailVerifier::accept(std::uint64_t sequence, ByteView bytes)
{
    const auto entry = decode_entry(bytes);
    head_.sequence = sequence;
    if (!entry) {
        add(FindingKind::entry_malformed,
            "audit entry " + std::to_string(sequence) + ": " + entry.error().context);
        lose_leaves();
    } else if (const auto* epoch = std::get_if<EpochEntry>(&*entry)) {
        accept(sequence, *epoch);
    } else if (const auto* block = std::get_if<BlockEntry>(&*entry)) {
        accept(*block);
    } else {
        accept(std::get<CheckpointEntry>(*entry));
    }
}

void TrailVerifier::missing(std::uint64_t sequence)
{
    add(FindingKind::entry_malformed, "the audit stream has no entry " + std::to_string(sequence));
    head_.sequence = sequence;
    lose_leaves();
}

// From here on nobody knows how many leaves there were, nor what they covered.
void TrailVerifier::lose_leaves()
{
    settle();
    is_tree_known_ = false;
    is_place_known_ = false;
}

void TrailVerifier::accept(std::uint64_t sequence, const EpochEntry& entry)
{
    ++report_.epochs;
    if (has_pending_ && is_tree_known_ && entry.tree_size == next_index_) {
        settle(entry.last_leaf, next_index_);
    }
    settle();
    if (is_tree_known_) {
        if (auto finding = check_epoch(head_, entry, sequence)) {
            findings_.add(*std::move(finding));
        }
    } else if (entry.epoch != head_.epoch + 1) {
        add(FindingKind::epoch_broken,
            "epoch " + std::to_string(entry.epoch) + " comes after " + std::to_string(head_.epoch));
    }
    head_.epoch = entry.epoch;
    epoch_key_ = entry.key;
}

void TrailVerifier::accept(const BlockEntry& block)
{
    ++report_.blocks;
    if (block.epoch != head_.epoch) {
        add(FindingKind::epoch_broken,
            "a block of epoch " + std::to_string(block.epoch) + " in epoch " +
                std::to_string(head_.epoch),
            block.first_index);
    }
    if (is_tree_known_ && block.first_index < next_index_) {
        add(FindingKind::leaf_misplaced, "a block stands a second time", block.first_index);
        return;
    }
    if (is_tree_known_ && block.first_index > next_index_) {
        add(FindingKind::leaf_missing,
            "leaves " + std::to_string(next_index_) + " to " +
                std::to_string(block.first_index - 1) + " are missing",
            next_index_);
        lose_leaves();
    }
    if (!is_tree_known_) {
        next_index_ = block.first_index;
    }
    if (is_place_known_ && block.first_position != head_.covered.next()) {
        add(FindingKind::leaf_misplaced,
            "the block says to begin at position " + std::to_string(block.first_position.value),
            block.first_index);
    }
    const auto leaves = split_bundle(block.bundle);
    bool is_first = true;
    for (const ByteView bytes : *leaves) { // decode_entry() has checked the bundle
        accept_leaf(bytes, is_first, block);
        is_first = false;
    }
    if (is_place_known_ && block.last_position != head_.covered) {
        add(FindingKind::leaf_misplaced,
            "the block covers up to " + std::to_string(head_.covered.value) + ", not to " +
                std::to_string(block.last_position.value),
            block.first_index);
    }
}

void TrailVerifier::accept_leaf(ByteView bytes, bool is_first_of_block, const BlockEntry& block)
{
    ++report_.leaves;
    const auto leaf = decode_leaf(bytes);
    if (leaf && is_tree_known_) {
        settle(leaf->prev, leaf->index);
    }
    settle();
    if (!leaf) {
        findings_.add({FindingKind::leaf_malformed,
                       head_.covered.next(),
                       {},
                       {},
                       next_index_,
                       {},
                       {},
                       leaf.error().context});
        is_place_known_ = false;
    } else {
        if (leaf->index != next_index_) {
            add(FindingKind::leaf_misplaced,
                "the leaf says to be number " + std::to_string(leaf->index), next_index_);
        }
        if (is_first_of_block && leaf->prev != block.prev_leaf) {
            add(FindingKind::entry_malformed, "the block names another leaf before it",
                next_index_);
        }
        const auto first = first_covered(*leaf);
        if (!is_place_known_ && first && *first > head_.covered) {
            if (*first > head_.covered.next()) {
                Expectation unknown{};
                unknown.kind = Expectation::Kind::unknown;
                unknown.first = head_.covered.next();
                unknown.last = Position{first->value - 1};
                expectations_.push_back(unknown);
            }
            head_.covered = Position{first->value - 1};
            is_place_known_ = true;
        }
        for (Finding& finding : check_leaf(head_, *leaf)) {
            if (is_place_known_ || finding.kind != FindingKind::leaf_misplaced) {
                findings_.add(std::move(finding));
            }
        }
        if (auto trouble = sealed_trouble(*leaf)) {
            findings_.add(*std::move(trouble));
        }
        if (const auto expected = expectation_of(*leaf, incarnation_)) {
            expectations_.push_back(*expected);
        }
        follow_leaf(head_, *leaf);
    }
    head_.last_leaf = leaf_hash(bytes);
    has_pending_ = true;
    ++next_index_;
}

// Somebody names the hash of the pending leaf. The tree was made of what is named, if that is not
// what we have.
void TrailVerifier::settle(const Digest& named, std::uint64_t named_by)
{
    if (has_pending_ && named != head_.last_leaf) {
        findings_.add({FindingKind::leaf_changed,
                       head_.covered,
                       {},
                       {},
                       next_index_ - 1,
                       named,
                       head_.last_leaf,
                       "it is not the leaf that leaf " + std::to_string(named_by) + " follows"});
        head_.last_leaf = named;
    } else if (!has_pending_ && next_index_ != 0 && named != head_.last_leaf) {
        add(FindingKind::leaf_misplaced, "it follows another leaf", named_by);
    } else if (next_index_ == 0 && named != Digest{}) {
        add(FindingKind::leaf_missing, "the first leaf follows another one", named_by);
    }
    settle();
}

void TrailVerifier::settle()
{
    if (has_pending_) {
        has_pending_ = false;
        if (is_tree_known_) {
            head_.tree.append(head_.last_leaf);
            check_known();
        }
    }
}

void TrailVerifier::check_known()
{
    if (known_ && is_tree_known_ && head_.tree.size() == known_->size) {
        const Digest root = head_.tree.root();
        if (root != known_->root) {
            findings_.add({FindingKind::history_lost,
                           {},
                           {},
                           {},
                           known_->size,
                           known_->root,
                           root,
                           "the tree that was known at that size is another one: a fork"});
        }
        known_.reset();
    }
}

void TrailVerifier::finish()
{
    settle();
    report_.covered = head_.covered;
    if (known_) {
        findings_.add({FindingKind::history_lost,
                       {},
                       {},
                       {},
                       known_->size,
                       known_->root,
                       {},
                       "a tree of that size was signed, and is not in the audit stream"});
    }
    if (report_.checkpoints == 0) {
        add(FindingKind::no_checkpoint, "nothing here is signed by a trusted key");
    }
    if (head_.incarnation != Digest{} && head_.incarnation != incarnation_) {
        findings_.add({FindingKind::other_log,
                       {},
                       {},
                       {},
                       {},
                       head_.incarnation,
                       incarnation_,
                       "the log is not the one that was sealed last"});
    }
}

} // namespace sealstream
