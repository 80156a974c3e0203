#include "node/audit_view.hpp"

#include "audit/checkpoint.hpp"
#include "audit/inclusion.hpp"
#include "audit/service/leaf_finder.hpp"
#include "audit/service/verify_ledger.hpp"
#include "audit/service/verify_stream.hpp"
#include "audit/tlog_proof.hpp"
#include "core/async/awaitable.hpp"

namespace sealstream {

namespace {

constexpr std::size_t tail_entries = 64; // the newest checkpoint is searched in steps of so many

} // namespace

Task<Result<AuditView::Newest>> AuditView::newest()
{
    SEAL_CO_TRY(last, co_await audit_.last());
    for (std::uint64_t end = last; end > 0;) {
        const std::uint64_t begin = end > tail_entries ? end - tail_entries : 0;
        SEAL_CO_TRY(entries,
                    co_await audit_.read_from(begin, static_cast<std::size_t>(end - begin)));
        for (std::size_t at = entries.size(); at-- > 0;) {
            if (!is_checkpoint_entry(entries[at].bytes)) {
                continue;
            }
            SEAL_CO_TRY(entry, decode_entry(entries[at].bytes));
            Newest found;
            found.entry = std::get<CheckpointEntry>(std::move(entry));
            SEAL_CO_TRY(note, parse_note(found.entry.note));
            SEAL_CO_TRY(checkpoint, parse_checkpoint(note.text));
            found.tree_size = checkpoint.size;
            found.origin = checkpoint.origin;
            co_return found;
        }
        end = begin;
    }
    co_return Error{Errc::not_found, "no checkpoint has been signed yet"};
}

Task<Result<std::string>> AuditView::checkpoint()
{
    SEAL_CO_TRY(found, co_await newest());
    co_return std::move(found.entry.note);
}

Task<Result<AuditStatus>> AuditView::status()
{
    SEAL_CO_TRY(found, co_await newest());
    co_return AuditStatus{found.tree_size, found.entry.covered, found.entry.last_time,
                          found.origin};
}

Task<Result<StreamVerdict>> AuditView::verify_stream(StreamName stream)
{
    const auto sealed = co_await newest();
    if (!sealed && sealed.error().code != Errc::not_found) {
        co_return sealed.error();
    }
    VerifyOptions options;
    options.findings_max = 10;
    const VerifyReport report =
        co_await sealstream::verify_stream(log_, audit_, std::move(stream), std::move(options));
    if (report.events == 0 && report.findings.empty()) {
        co_return Error{Errc::not_found, "the stream has no events"};
    }
    if (report.verdict == Verdict::undecided && !report.findings.empty()) {
        co_return Error{Errc::unavailable, report.findings.front().text};
    }
    StreamVerdict verdict;
    verdict.is_intact = report.verdict != Verdict::tampered;
    verdict.checked = Version{report.events}; // sealed or not
    if (sealed) {
        verdict.covered = sealed->entry.covered;
        verdict.tree_size = sealed->tree_size;
    }
    if (!verdict.is_intact) {
        verdict.fault = report.findings.front().position.value_or(Position{});
        verdict.reason = report.findings.front().text;
        verdict.expected = report.findings.front().expected;
        verdict.found = report.findings.front().found;
    }
    co_return verdict;
}

Task<Result<LedgerVerdict>> AuditView::verify_ledger()
{
    SEAL_CO_TRY(head, co_await log_.head());
    if (head.value > options_.verify_events_max) {
        co_return Error{Errc::unavailable, "a request reads at most " +
                                               std::to_string(options_.verify_events_max) +
                                               " events; use sealstream verify"};
    }
    if (std::exchange(is_verifying_, true)) {
        co_return Error{Errc::overloaded, "the ledger is being verified"};
    }
    VerifyOptions options;
    options.findings_max = options_.verify_faults_max;
    const VerifyReport report =
        co_await sealstream::verify_ledger(log_, audit_, std::move(options));
    is_verifying_ = false;
    LedgerVerdict verdict;
    verdict.is_intact = report.verdict != Verdict::tampered;
    verdict.checked = report.events;
    verdict.covered = report.covered;
    verdict.tree_size = report.tree_size;
    for (const Finding& finding : report.findings) {
        if (finding.kind == FindingKind::store_unreachable) {
            co_return Error{Errc::unavailable, finding.text};
        }
        if (is_tampering(finding.kind)) {
            verdict.faults.push_back({finding.position.value_or(Position{}), describe(finding),
                                      finding.expected, finding.found});
        }
    }
    verdict.faults_total = verdict.is_intact ? 0 : report.findings_total;
    co_return verdict;
}

// Takes in the leaves of blocks until the tree has at least `tree_size` leaves.
Task<Result<void>> AuditView::grow(std::uint64_t tree_size)
{
    while (tree_.size() < tree_size) {
        SEAL_CO_TRY(entries, co_await audit_.read_from(followed_, options_.read_entries));
        if (entries.empty()) {
            co_return Error{Errc::unavailable, "the audit stream ends before its checkpoint"};
        }
        for (const AuditEntry& raw : entries) {
            SEAL_CO_TRY(entry, decode_entry(raw.bytes));
            if (const auto* const block = std::get_if<BlockEntry>(&entry)) {
                ByteView rest = block->bundle;
                while (rest.size() >= 2) {
                    const std::size_t size = read_big_endian<std::uint16_t>(rest);
                    tree_.append(leaf_hash(rest.subspan(2, size)));
                    rest = rest.subspan(2 + size);
                }
            }
            followed_ = raw.sequence;
        }
    }
    co_return Result<void>{};
}

Task<Result<std::string>> AuditView::proof(Position position)
{
    SEAL_CO_TRY(sealed, co_await newest());
    if (sealed.tree_size > options_.proof_leaves_max) {
        co_return Error{Errc::unavailable, "the tree is larger than this node keeps in memory"};
    }
    LeafFinder finder{audit_};
    SEAL_CO_TRY(leaf, co_await finder.find(position));
    if (!leaf || leaf->index >= sealed.tree_size) {
        co_return Error{Errc::unavailable, "no checkpoint covers the event yet"};
    }
    if (std::exchange(is_growing_, true)) {
        co_return Error{Errc::overloaded, "the tree is being read"};
    }
    const auto grown = co_await grow(sealed.tree_size);
    is_growing_ = false;
    if (!grown) {
        co_return grown.error();
    }
    TlogProof proof;
    proof.index = leaf->index;
    proof.extra = encode_leaf(*leaf);
    SEAL_CO_TRY(path, inclusion_proof(tree_, leaf->index, sealed.tree_size));
    proof.path = std::move(path);
    SEAL_CO_TRY(note, parse_note(sealed.entry.note));
    proof.checkpoint = std::move(note);
    co_return format_tlog_proof(proof);
}

} // namespace sealstream
