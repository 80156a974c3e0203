// The half of LogMatcher that looks at one record at a time; log_matcher.cpp decides which.

#include "audit/log_matcher.hpp"
#include "audit/record_tail.hpp"

#include <algorithm>

namespace sealstream {

// The usual case: all is as it was sealed, and that shows without decoding the record.
bool LogMatcher::is_unchanged(const Expectation& expected, const Slot& slot)
{
    if (expected.kind != Expectation::Kind::event || slot.position <= streams_checked_to_) {
        return false;
    }
    const auto tail = read_tail(slot.record->record);
    if (!tail || commit_record(tail->salt, slot.record->record) != expected.record ||
        std::max(slot.record->ingested, WallTime{}) != expected.ingested ||
        tail->version != expected.version ||
        !sealstream::has_id(slot.record->record, expected.id) ||
        commit_stream(tail->salt, tail->stream) != expected.stream) {
        return false;
    }
    streams_checked_to_ = slot.position;
    if (auto fault =
            streams_.next(tail->stream, tail->version, tail->is_chained, slot.record->record)) {
        findings_.add({fault->is_chain ? FindingKind::chain_broken : FindingKind::version_broken,
                       slot.position,
                       expected.id,
                       std::string{tail->stream},
                       {},
                       fault->expected,
                       fault->found,
                       std::move(fault->text)});
    }
    return true;
}

void LogMatcher::compare(const Expectation& expected, Slot& slot)
{
    ++report_.events;
    const RecordFacts* const found = facts(slot);
    const bool was_record = expected.kind == Expectation::Kind::event;
    if (found == nullptr && was_record) {
        report_record(FindingKind::event_changed, slot, &expected,
                      "no codec reads the record any more");
        streams_.lose(expected.version);
        return;
    }
    const Salt salt = was_record ? found->salt : Salt{};
    const Digest record = commit_record(salt, slot.record->record);
    const WallTime ingested = std::max(slot.record->ingested, WallTime{});
    if (record != expected.record) {
        Finding finding{FindingKind::event_changed,
                        slot.position,
                        expected.id,
                        found != nullptr ? found->stream : std::string{},
                        expected.leaf_index,
                        expected.record,
                        record,
                        "the record is not the one that was sealed"};
        findings_.add(std::move(finding));
    } else if (ingested != expected.ingested) {
        report_record(FindingKind::event_changed, slot, &expected,
                      "the log gives another time for it than was sealed");
    } else if (was_record && (found->version != expected.version ||
                              commit_stream(salt, found->stream) != expected.stream)) {
        report_record(FindingKind::leaf_changed, slot, &expected,
                      "the leaf names another stream or version than the record it seals");
    }
    check_stream(slot);
}

void LogMatcher::report_missing(const Expectation& expected, std::string text)
{
    findings_.add({FindingKind::event_missing,
                   expected.first,
                   expected.id,
                   {},
                   expected.leaf_index,
                   expected.record,
                   {},
                   std::move(text)});
    streams_.lose(expected.version);
}

void LogMatcher::report_record(FindingKind kind, Slot& slot, const Expectation* expected,
                               std::string text)
{
    const RecordFacts* const found = facts(slot);
    Finding finding{kind, slot.position, {}, {}, {}, {}, {}, std::move(text)};
    if (found != nullptr) {
        finding.stream = found->stream;
        finding.event = found->id;
    }
    if (expected != nullptr) {
        finding.event = expected->id;
        finding.leaf_index = expected->leaf_index;
        finding.expected = expected->record;
    }
    findings_.add(std::move(finding));
}

void LogMatcher::check_stream(Slot& slot)
{
    const RecordFacts* const found = facts(slot);
    if (found == nullptr || slot.position <= streams_checked_to_) {
        return;
    }
    streams_checked_to_ = slot.position;
    if (auto fault =
            streams_.next(found->stream, found->version, found->is_chained, slot.record->record)) {
        findings_.add({fault->is_chain ? FindingKind::chain_broken : FindingKind::version_broken,
                       slot.position,
                       found->id,
                       found->stream,
                       {},
                       fault->expected,
                       fault->found,
                       std::move(fault->text)});
    }
}

void LogMatcher::count_unsealed()
{
    for (Slot& slot : slots_) {
        if (!slot.record) {
            findings_.add({FindingKind::event_missing,
                           slot.position,
                           {},
                           {},
                           {},
                           {},
                           {},
                           "the log has a hole behind what is sealed"});
            continue;
        }
        ++report_.unsealed;
        if (!unsealed_since_) {
            unsealed_since_ = slot.record->ingested;
        }
        check_stream(slot);
    }
    slots_.clear();
}

} // namespace sealstream
