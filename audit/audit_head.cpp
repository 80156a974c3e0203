#include "audit/audit_head.hpp"

#include "audit/tile.hpp"

namespace sealstream {

namespace {

constexpr Digest unknown{};

struct Checks {
    const AuditHead& head;
    const Leaf& leaf;
    std::vector<Finding> findings;

    void add(FindingKind kind, std::string text, std::optional<Position> position = {},
             std::optional<Digest> expected = {}, std::optional<Digest> found = {})
    {
        findings.push_back({kind, position, {}, {}, leaf.index, expected, found, std::move(text)});
    }

    void follows(Position first, const Digest& incarnation)
    {
        is_in(incarnation, first);
        if (first != head.covered.next()) {
            add(FindingKind::leaf_misplaced,
                "the leaf before covers up to position " + std::to_string(head.covered.value),
                first);
        }
    }

    void is_in(const Digest& incarnation, Position at)
    {
        if (head.incarnation != unknown && incarnation != head.incarnation) {
            add(FindingKind::other_log, "the leaf is about another log than the one before it", at,
                head.incarnation, incarnation);
        }
    }

    void operator()(const EventLeaf& event) { follows(event.position, event.incarnation); }
    void operator()(const RejectedLeaf& rejected)
    {
        follows(rejected.position, rejected.incarnation);
    }
    void operator()(const GapLeaf& gap) { follows(gap.first, gap.incarnation); }
    void operator()(const HeartbeatLeaf& heartbeat)
    {
        is_in(heartbeat.incarnation, heartbeat.covered);
        if (heartbeat.covered != head.covered) {
            add(FindingKind::leaf_misplaced, "the heartbeat is of another place",
                heartbeat.covered);
        }
    }
    void operator()(const RollbackLeaf& rollback)
    {
        is_in(rollback.old_incarnation, rollback.old_covered);
        const bool is_other = rollback.incarnation != rollback.old_incarnation;
        if (rollback.old_covered != head.covered || rollback.resume_after > rollback.old_covered ||
            (is_other && rollback.resume_after.value != 0)) {
            add(FindingKind::leaf_misplaced, "the rollback does not fit what was covered",
                rollback.old_covered);
        }
    }
    void operator()(const KeyLeaf& change)
    {
        if (const auto checked = verify_key_leaf(change); !checked) {
            add(FindingKind::signature_bad, checked.error().context);
        }
        if (change.previous != head.key) {
            add(FindingKind::epoch_broken, "the KEY leaf names another predecessor");
        }
    }
};

struct Follow {
    AuditHead& head;

    void operator()(const EventLeaf& event)
    {
        cover(event.position, event.incarnation, event.record);
    }
    void operator()(const RejectedLeaf& rejected)
    {
        cover(rejected.position, rejected.incarnation, rejected.record);
    }
    void operator()(const GapLeaf& gap) { cover(gap.last, gap.incarnation, unknown); }
    void operator()(const HeartbeatLeaf& heartbeat) { head.incarnation = heartbeat.incarnation; }
    void operator()(const RollbackLeaf& rollback)
    {
        cover(rollback.resume_after, rollback.incarnation, unknown);
    }
    void operator()(const KeyLeaf& change) { head.key = change.key; }

    void cover(Position position, const Digest& incarnation, const Digest& record)
    {
        head.covered = position;
        head.incarnation = incarnation;
        head.last_record = record;
    }
};

Error corrupt(std::uint64_t sequence, const std::string& why)
{
    return {Errc::corrupt, "audit entry " + std::to_string(sequence) + ": " + why};
}

Result<void> fold(AuditHead& head, const EpochEntry& entry, std::uint64_t sequence)
{
    if (const auto finding = check_epoch(head, entry, sequence)) {
        return corrupt(sequence, describe(*finding));
    }
    head.epoch = entry.epoch;
    return {};
}

Result<void> fold(AuditHead& head, const BlockEntry& block, std::uint64_t sequence)
{
    if (block.epoch != head.epoch || block.first_index != head.tree.size() ||
        block.prev_leaf != head.last_leaf || block.first_position != head.covered.next()) {
        return corrupt(sequence, "the block does not follow");
    }
    SEAL_TRY(leaves, split_bundle(block.bundle));
    for (const ByteView bytes : leaves) {
        SEAL_TRY(leaf, decode_leaf(bytes));
        if (leaf.index != head.tree.size() || leaf.prev != head.last_leaf) {
            return corrupt(sequence, "a leaf does not follow");
        }
        if (const auto findings = check_leaf(head, leaf); !findings.empty()) {
            return corrupt(sequence, describe(findings.front()));
        }
        follow_leaf(head, leaf);
        head.last_leaf = leaf_hash(bytes);
        head.tree.append(head.last_leaf);
    }
    if (block.last_position != head.covered) {
        return corrupt(sequence, "the block covers other positions than it says");
    }
    return {};
}

void take_checkpoint(AuditHead& head, std::uint64_t sequence, const CheckpointEntry& entry,
                     Checkpoint checkpoint)
{
    head.checkpoint_sequence = sequence;
    head.checkpoint = std::move(checkpoint);
    head.checkpoint_note = entry.note;
}

Result<Checkpoint> open_entry(const CheckpointEntry& entry, std::span<const VerifierKey> keys)
{
    SEAL_TRY(note, parse_note(entry.note));
    return open_checkpoint(note, keys);
}

Result<void> fold(AuditHead& head, const CheckpointEntry& entry, std::uint64_t sequence,
                  std::span<const VerifierKey> keys)
{
    SEAL_TRY(checkpoint, open_entry(entry, keys));
    if (const auto finding = check_summary(head, entry, checkpoint)) {
        return corrupt(sequence, describe(*finding));
    }
    take_checkpoint(head, sequence, entry, std::move(checkpoint));
    return {};
}

} // namespace

std::vector<Finding> check_leaf(const AuditHead& head, const Leaf& leaf)
{
    Checks checks{head, leaf, {}};
    if (leaf.time < head.last_time) {
        checks.add(FindingKind::time_went_back, "the leaf is older than the one before it");
    }
    std::visit(checks, leaf.body);
    return std::move(checks.findings);
}

void follow_leaf(AuditHead& head, const Leaf& leaf)
{
    head.last_time = std::max(head.last_time, leaf.time);
    std::visit(Follow{head}, leaf.body);
}

std::optional<Finding> check_epoch(const AuditHead& head, const EpochEntry& epoch,
                                   std::uint64_t sequence)
{
    if (epoch.epoch == head.epoch + 1 && epoch.sequence == sequence &&
        epoch.tree_size == head.tree.size() && epoch.last_leaf == head.last_leaf) {
        return std::nullopt;
    }
    return Finding{FindingKind::epoch_broken,
                   {},
                   {},
                   {},
                   epoch.tree_size,
                   head.last_leaf,
                   epoch.last_leaf,
                   "epoch " + std::to_string(epoch.epoch) + " does not go on where epoch " +
                       std::to_string(head.epoch) + " ended"};
}

std::optional<Finding> check_summary(const AuditHead& head, const CheckpointEntry& entry,
                                     const Checkpoint& checkpoint)
{
    Finding finding{FindingKind::checkpoint_wrong, {}, {}, {}, checkpoint.size, {}, {}, {}};
    const auto frontier = Frontier::from(checkpoint.size, entry.frontier);
    const Digest root = head.tree.root();
    if (checkpoint.size != head.tree.size() || checkpoint.root != root) {
        finding.expected = checkpoint.root;
        finding.found = root;
        finding.text =
            "the signed root is not that of the " + std::to_string(head.tree.size()) + " leaves";
        return finding;
    }
    if (!frontier || *frontier != head.tree || entry.epoch != head.epoch ||
        entry.last_leaf != head.last_leaf || entry.last_time != head.last_time ||
        entry.incarnation != head.incarnation || entry.covered != head.covered ||
        entry.last_record != head.last_record) {
        finding.position = entry.covered;
        finding.text = "what the entry says beside its signed note is not so";
        return finding;
    }
    return std::nullopt;
}

Result<void> fold_entry(AuditHead& head, std::uint64_t sequence, ByteView bytes,
                        std::span<const VerifierKey> keys)
{
    if (sequence != head.sequence + 1) {
        return corrupt(sequence, "an entry is missing before it");
    }
    const auto entry = decode_entry(bytes);
    if (!entry) {
        return with_context(entry.error(), "audit entry " + std::to_string(sequence));
    }
    Result<void> folded;
    if (const auto* epoch = std::get_if<EpochEntry>(&*entry)) {
        folded = fold(head, *epoch, sequence);
    } else if (const auto* block = std::get_if<BlockEntry>(&*entry)) {
        folded = fold(head, *block, sequence);
    } else {
        folded = fold(head, std::get<CheckpointEntry>(*entry), sequence, keys);
    }
    head.sequence = sequence;
    return folded;
}

Result<AuditHead> head_from_checkpoint(std::uint64_t sequence, const CheckpointEntry& entry,
                                       std::span<const VerifierKey> keys)
{
    SEAL_TRY(note, parse_note(entry.note));
    SEAL_TRY(signers, verify_note(note, keys));
    SEAL_TRY(checkpoint, open_checkpoint(note, keys));
    AuditHead head;
    head.sequence = sequence;
    head.epoch = entry.epoch;
    SEAL_TRY(tree, Frontier::from(checkpoint.size, entry.frontier));
    head.tree = std::move(tree);
    head.last_leaf = entry.last_leaf;
    head.last_time = entry.last_time;
    head.incarnation = entry.incarnation;
    head.covered = entry.covered;
    head.last_record = entry.last_record;
    for (const GoodSignature& signer : signers) {
        if (signer.key.name == checkpoint.origin && signer.key.type == NoteKeyType::ed25519) {
            head.key = signer.key;
        }
    }
    if (const auto finding = check_summary(head, entry, checkpoint)) {
        return corrupt(sequence, describe(*finding));
    }
    take_checkpoint(head, sequence, entry, std::move(checkpoint));
    return head;
}

} // namespace sealstream
