// What TrailVerifier does at a checkpoint: the one place where something is signed.

#include "audit/trail_verifier.hpp"

namespace sealstream {

void TrailVerifier::accept(const CheckpointEntry& entry)
{
    const auto note = parse_note(entry.note);
    const auto checkpoint = note ? parse_checkpoint(note->text) : Result<Checkpoint>{note.error()};
    if (!checkpoint) {
        add(FindingKind::entry_malformed, "a checkpoint's note: " + checkpoint.error().context);
        settle();
        return;
    }
    // The last leaf has no successor yet; where the entry names another hash for it, the signed
    // root decides.
    if (has_pending_ && is_tree_known_ && entry.last_leaf != head_.last_leaf) {
        Frontier as_named = head_.tree;
        as_named.append(entry.last_leaf);
        if (as_named.root() == checkpoint->root) {
            settle(entry.last_leaf, next_index_);
        }
    }
    settle();
    const auto opened = open_checkpoint(*note, trusted_);
    if (!opened) {
        const bool is_unknown = opened.error().code == Errc::untrusted_key;
        add(is_unknown ? FindingKind::key_untrusted : FindingKind::signature_bad,
            opened.error().context, checkpoint->size);
    }
    if (opened && epoch_key_ && !verify_note(*note, std::span{&*epoch_key_, 1})) {
        add(FindingKind::epoch_broken, "the epoch was to be signed with another key",
            checkpoint->size);
    }
    auto finding = is_tree_known_ ? check_summary(head_, entry, *checkpoint) : std::nullopt;
    const bool is_root_right = is_tree_known_ && head_.tree.size() == checkpoint->size &&
                               head_.tree.root() == checkpoint->root;
    if (finding) {
        findings_.add(*std::move(finding));
    }
    if (opened && is_root_right) {
        ++report_.checkpoints;
        report_.tree_size = checkpoint->size;
        report_.root = checkpoint->root;
        report_.note = entry.note;
        report_.signed_to = head_.covered;
    } else if (opened) {
        anchor(entry, *checkpoint);
    }
}

// After a loss a signed tree is firm ground again, if the entry brings the right edge that leads to
// its root.
void TrailVerifier::anchor(const CheckpointEntry& entry, const Checkpoint& checkpoint)
{
    const auto frontier = Frontier::from(checkpoint.size, entry.frontier);
    if (!frontier || frontier->root() != checkpoint.root) {
        is_tree_known_ = false;
        return;
    }
    head_.tree = *frontier;
    head_.last_leaf = entry.last_leaf;
    next_index_ = checkpoint.size;
    is_tree_known_ = true;
    if (!head_.key && !trusted_.empty()) {
        head_.key = trusted_.front();
    }
    check_known();
}

} // namespace sealstream
