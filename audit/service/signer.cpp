// Invariants
//   1. head_ is what the signer itself has read, folded strictly, from a checkpoint signed with a
//   trusted key.
//   2. No note leaves before the memory file holds it.
//   3. A tree is signed only if the newest signed one (signed_) was found, with its root, on the
//   way to it.

#include "audit/service/signer.hpp"

#include "audit/service/audit_reader.hpp"
#include "audit/service/signer_memory.hpp"

namespace sealstream {

Signer::Signer(AuditLog& log, const Clock& clock, SigningKey key, SignerOptions options)
    : log_{log},
      clock_{clock},
      key_{std::move(key)},
      options_{std::move(options)},
      trusted_{options_.predecessors}
{
    trusted_.insert(trusted_.begin(), key_.verifier());
}

KeyLeaf Signer::key_leaf(std::optional<VerifierKey> previous) const
{
    KeyLeaf leaf{key_.verifier(), std::move(previous), {}, {}};
    const std::string statement = key_statement(leaf);
    leaf.signature = key_.key.sign(as_bytes(statement));
    return leaf;
}

Task<Result<void>> Signer::open()
{
    if (const auto recalled = recall(); !recalled) {
        co_return recalled.error();
    }
    auto head = co_await read_newest_checkpoint(log_, trusted_);
    if (!head) {
        co_return head.error();
    }
    head_ = *std::move(head);
    if (!head_->checkpoint_note.empty() && (!signed_ || signed_->size < head_->checkpoint.size)) {
        signed_ = head_->checkpoint;
    }
    co_return check_signed_before();
}

Result<void> Signer::check_signed_before()
{
    if (signed_ && head_->tree.size() == signed_->size && head_->tree.root() != signed_->root) {
        return Error{Errc::corrupt, "another tree of " + std::to_string(signed_->size) +
                                        " leaves is signed already: a fork"};
    }
    return {};
}

Task<Result<void>> Signer::follow(std::uint64_t sequence)
{
    bool has_asked = false;
    while (head_->sequence < sequence) {
        const std::size_t wanted = std::min<std::size_t>(
            audit_read_entries_max, static_cast<std::size_t>(sequence - head_->sequence));
        const auto page = co_await log_.read_from(head_->sequence, wanted);
        if (!page) {
            co_return page.error();
        }
        if (page->empty()) {
            const auto last = co_await log_.last(); // from then on a read sees it all
            if (!last) {
                co_return last.error();
            }
            if (*last < sequence || std::exchange(has_asked, true)) {
                co_return Error{Errc::corrupt,
                                "the audit stream ends before what the auditor wrote"};
            }
            continue;
        }
        has_asked = false;
        for (const AuditEntry& entry : *page) {
            if (const auto folded = fold(entry); !folded) {
                co_return folded.error();
            }
        }
    }
    co_return Result<void>{};
}

Result<void> Signer::fold(const AuditEntry& entry)
{
    const std::uint64_t size_before = head_->tree.size();
    if (const auto folded = fold_entry(*head_, entry.sequence, entry.bytes, trusted_); !folded) {
        return folded.error();
    }
    if (signed_ && size_before < signed_->size && head_->tree.size() > signed_->size) {
        return Error{Errc::corrupt, "the blocks are others than those that were signed"};
    }
    return check_signed_before();
}

Result<void> Signer::check_time()
{
    const WallTime now = clock_.wall();
    const std::int64_t slack = std::chrono::nanoseconds{options_.clock_back_max}.count();
    if (now.nanoseconds < last_signed_at_.nanoseconds - slack ||
        now.nanoseconds < head_->last_time.nanoseconds - slack) {
        return Error{Errc::refused, "the clock is behind what was sealed or signed before"};
    }
    return {};
}

Task<Result<SignedHead>> Signer::sign(std::uint64_t sequence, std::uint64_t size, Digest root)
{
    if (!head_ || head_->sequence > sequence) {
        head_.reset();
        const auto opened = co_await open();
        if (!opened) {
            head_.reset();
            co_return opened.error();
        }
        if (head_->sequence > sequence) {
            co_return Error{Errc::conflict, "a later part of the audit stream is signed already"};
        }
    }
    const auto followed = co_await follow(sequence);
    if (!followed) {
        head_.reset();
        co_return followed.error();
    }
    const bool is_as_said =
        head_->sequence == sequence && head_->tree.size() == size && head_->tree.root() == root;
    if (!is_as_said || (signed_ && size < signed_->size)) {
        head_.reset();
        co_return Error{Errc::corrupt,
                        is_as_said ? "a larger tree is signed already: the audit stream went back"
                                   : "the auditor's tree is not the one in the audit stream"};
    }
    if (const auto checked = check_time(); !checked) {
        co_return checked.error();
    }
    Checkpoint checkpoint{key_.name, size, root, {}};
    const std::string text = format_checkpoint(checkpoint);
    const std::string note = format_note({text, {sign_note(text, key_)}});
    if (const auto remembered = remember(checkpoint, note); !remembered) {
        co_return remembered.error();
    }
    last_signed_at_ = clock_.wall();
    const auto hashes = head_->tree.hashes();
    const CheckpointEntry entry{head_->epoch,
                                note,
                                {hashes.begin(), hashes.end()},
                                head_->last_leaf,
                                head_->last_time,
                                head_->incarnation,
                                head_->covered,
                                head_->last_record};
    co_return SignedHead{std::move(checkpoint), encode_entry(entry)};
}

Result<void> Signer::remember(const Checkpoint& checkpoint, const std::string& note)
{
    if (!options_.memory_file.empty()) {
        if (const auto saved = save_note(options_.memory_file, note); !saved) {
            return saved.error();
        }
    }
    signed_ = checkpoint;
    return {};
}

Result<void> Signer::recall()
{
    if (is_recalled_ || options_.memory_file.empty()) {
        return {};
    }
    SEAL_TRY(text, load_note(options_.memory_file));
    if (!text.empty()) {
        SEAL_TRY(note, parse_note(text));
        SEAL_TRY(checkpoint, open_checkpoint(note, trusted_));
        if (checkpoint.origin != key_.name) {
            return Error{Errc::corrupt, "the signer's memory is that of another log"};
        }
        signed_ = std::move(checkpoint);
    }
    is_recalled_ = true;
    return {};
}

} // namespace sealstream
