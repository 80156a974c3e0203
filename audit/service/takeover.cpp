#include "audit/service/takeover.hpp"

#include "audit/sealer.hpp"
#include "audit/service/audit_reader.hpp"

namespace sealstream {

namespace {

constexpr ReadLimits one_record{1, 1};

// Whether the record at `position` is the one that `commitment` was made for; no answer when it is
// not there.
Task<Result<bool>> is_still_there(EventLog& log, Position position, Digest commitment)
{
    const Position before{position.value - 1};
    const auto records = co_await log.read_from(before, one_record);
    if (!records && records.error().code != Errc::corrupt) {
        co_return records.error();
    }
    if (!records || records->empty() || records->front().position != position) {
        co_return false;
    }
    const LeafBody body = body_for(records->front(), {});
    const auto* event = std::get_if<EventLeaf>(&body);
    const auto* rejected = std::get_if<RejectedLeaf>(&body);
    co_return event != nullptr ? event->record == commitment
                               : rejected != nullptr && rejected->record == commitment;
}

} // namespace

Task<Result<AuditHead>> take_over(AuditLog& audit, const Signer& signer, Stop& stop,
                                  const AuditorOptions& options)
{
    auto head = co_await read_audit_head(audit, signer.trusted());
    if (!head) {
        co_return head.error();
    }
    Backoff pause{options.retry};
    for (unsigned tries = 0; tries < options.takeover_tries_max && !stop.requested(); ++tries) {
        const EpochEntry epoch{head->epoch + 1,   options.writer,  signer.verifier(),
                               head->tree.size(), head->last_leaf, head->sequence + 1};
        std::vector<Bytes> entries;
        entries.push_back(encode_entry(epoch));
        const auto appended = co_await audit.append(head->sequence, std::move(entries));
        if (appended) {
            head->epoch = epoch.epoch;
            head->sequence = *appended;
            co_return head;
        }
        const Errc code = appended.error().code;
        if (code != Errc::conflict && code != Errc::outcome_unknown) {
            co_return appended.error();
        }
        // The writer before is still busy, or our own entry is in: see what was written, and try
        // behind it.
        if (tries != 0) {
            co_await stop.sleep_for(pause.next());
        }
        const auto last = co_await audit.last();
        if (!last) {
            co_return last.error();
        }
        const auto caught_up = co_await catch_up(audit, signer.trusted(), *head, *last);
        if (!caught_up) {
            co_return caught_up.error();
        }
    }
    co_return Error{stop.requested() ? Errc::shutting_down : Errc::conflict,
                    "another writer is faster"};
}

Task<Result<std::optional<RollbackLeaf>>> find_rollback(EventLog& log, const AuditHead& head)
{
    const Digest incarnation = commit_incarnation(log.incarnation());
    const auto end = co_await log.settled_head(head.covered);
    if (!end) {
        co_return end.error();
    }
    RollbackLeaf rollback{{}, head.incarnation, head.covered, incarnation, *end, {}};
    if (head.incarnation == Digest{}) {
        co_return std::optional<RollbackLeaf>{}; // nothing was sealed yet
    }
    if (head.incarnation != incarnation) {
        rollback.reason = RollbackReason::other_log;
        co_return std::optional{rollback};
    }
    if (*end < head.covered) {
        rollback.reason = RollbackReason::head_went_back;
        rollback.resume_after = *end;
        co_return std::optional{rollback};
    }
    if (head.last_record != Digest{}) {
        const auto is_there = co_await is_still_there(log, head.covered, head.last_record);
        if (!is_there) {
            co_return is_there.error();
        }
        if (!*is_there) {
            rollback.reason = RollbackReason::record_replaced;
            rollback.resume_after = head.covered;
            co_return std::optional{rollback};
        }
    }
    co_return std::optional<RollbackLeaf>{};
}

Task<Result<GapLeaf>> find_gap(EventLog& log, Position covered, std::uint64_t events_max)
{
    GapLeaf gap{commit_incarnation(log.incarnation()), covered.next(), covered};
    const auto end = co_await log.head();
    if (!end) {
        co_return end.error();
    }
    for (Position after = covered; after.value - covered.value <= events_max && after < *end;
         after = after.next()) {
        const auto records = co_await log.read_from(after, one_record);
        if (!records && records.error().code != Errc::corrupt) {
            co_return records.error();
        }
        if (records && !records->empty()) {
            gap.last = Position{records->front().position.value - 1};
            co_return gap.last < gap.first ? Result<GapLeaf>{Error{Errc::not_found, "no hole"}}
                                           : Result<GapLeaf>{gap};
        }
    }
    co_return Error{Errc::corrupt, "a hole in the log after position " +
                                       std::to_string(covered.value) + " has no end"};
}

} // namespace sealstream
