#include "audit/log_matcher.hpp"

#include "audit/record_tail.hpp"

#include <algorithm>

namespace sealstream {

namespace {

Position shifted(Position position, std::int64_t shift)
{
    return Position{static_cast<std::uint64_t>(static_cast<std::int64_t>(position.value) + shift)};
}

} // namespace

void LogMatcher::add(StoredRecord record)
{
    const Position position = record.position;
    slots_.push_back({position, std::move(record), {}});
}

void LogMatcher::add_missing(Position position)
{
    slots_.push_back({position, {}, {}});
}

void LogMatcher::restart()
{
    slots_.clear();
    shift_ = 0;
    restart_.reset();
}

const RecordFacts* LogMatcher::facts(Slot& slot)
{
    if (!slot.record) {
        return nullptr;
    }
    if (!slot.facts) {
        slot.facts = read_facts(slot.record->record);
    }
    return *slot.facts ? &**slot.facts : nullptr;
}

bool LogMatcher::has_id(std::size_t at, const EventId& id)
{
    const RecordFacts* const found = at < slots_.size() ? facts(slots_[at]) : nullptr;
    return found != nullptr && found->id == id;
}

void LogMatcher::match(bool is_log_done, bool is_trail_done)
{
    while (!expectations_.empty() && !restart_) {
        const bool sees_enough = (is_log_done || slots_.size() > match_window) &&
                                 (is_trail_done || expectations_.size() > match_window);
        if (!sees_enough) {
            return;
        }
        const Expectation expected = expectations_.front();
        if (skip_expectation(expected)) {
            continue;
        }
        match_event(expected);
    }
}

// Expectations that no single record answers.
bool LogMatcher::skip_expectation(const Expectation& expected)
{
    if (expected.kind == Expectation::Kind::rollback) {
        restart_ = expected.first;
        pop_expectation();
        return true;
    }
    if (expected.is_of_other_log) {
        if (!is_other_log_reported_) {
            findings_.add({FindingKind::other_log,
                           expected.first,
                           expected.id,
                           {},
                           expected.leaf_index,
                           {},
                           {},
                           "this event and others were sealed in a log that is gone"});
            is_other_log_reported_ = true;
        }
        pop_expectation();
        return true;
    }
    if (expected.kind == Expectation::Kind::gap || expected.kind == Expectation::Kind::unknown) {
        take_gap(expected);
        pop_expectation();
        return true;
    }
    return false;
}

// Positions that nothing is known about, or that were missing when they should have been sealed.
void LogMatcher::take_gap(const Expectation& gap)
{
    const Position last = shifted(gap.last, shift_);
    while (!slots_.empty() && slots_.front().position <= last) {
        if (slots_.front().record && gap.kind == Expectation::Kind::gap) {
            report_record(FindingKind::event_inserted, slots_.front(), nullptr,
                          "it was sealed that there is nothing at this position");
        }
        if (slots_.front().record) {
            check_stream(slots_.front());
        }
        pop_slot();
    }
}

void LogMatcher::match_event(const Expectation& expected)
{
    const Position place = shifted(expected.first, shift_);
    if (slots_.empty() || slots_.front().position > place) {
        report_missing(expected, "the log has no record at this position");
        pop_expectation();
        return;
    }
    Slot& slot = slots_.front();
    if (slot.position < place) { // left over from a gap that was larger than its leaf
        report_record(FindingKind::event_inserted, slot, nullptr, "nothing was sealed here");
        pop_slot();
        return;
    }
    if (!slot.record) {
        report_missing(expected, "the log has no record at this position");
        pop_expectation();
        pop_slot();
        return;
    }
    if (is_unchanged(expected, slot)) {
        ++report_.events;
        pop_expectation();
        pop_slot();
        return;
    }
    const RecordFacts* const found = facts(slot);
    const bool is_same = found != nullptr && found->id == expected.id;
    if (expected.kind == Expectation::Kind::rejected || found == nullptr || is_same) {
        compare(expected, slot);
        pop_expectation();
        pop_slot();
        return;
    }
    resolve_mismatch(expected, *found);
}

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

// Another event stands here. The ids around tell whether events were inserted, taken out, or
// swapped.
void LogMatcher::resolve_mismatch(const Expectation& expected, const RecordFacts& found)
{
    const EventId found_id = found.id;
    const std::size_t window = std::min(match_window, expectations_.size());
    std::size_t found_at = 0; // where the found event was sealed, counted from here
    for (std::size_t at = 1; at < window && found_at == 0; ++at) {
        if (expectations_[at].kind == Expectation::Kind::rollback) {
            break; // what was sealed after it is about the log as it was later
        }
        const bool is_event = expectations_[at].kind == Expectation::Kind::event;
        found_at = is_event && expectations_[at].id == found_id ? at : 0;
    }
    std::size_t expected_at = 0; // where the expected event stands now
    for (std::size_t at = 1; at < std::min(match_window, slots_.size()) && expected_at == 0; ++at) {
        expected_at = has_id(at, expected.id) ? at : 0;
    }
    Slot& slot = slots_.front();
    if (expected_at != 0 && found_at == 0) { // events were put before it
        for (std::size_t at = 0; at < expected_at; ++at) {
            report_record(FindingKind::event_inserted, slots_.front(), nullptr,
                          "this event was never sealed, and what follows has moved on");
            check_stream(slots_.front());
            pop_slot();
        }
        shift_ += static_cast<std::int64_t>(expected_at);
        return;
    }
    if (found_at != 0 && expected_at == 0 && slot.position == shifted(expected.first, shift_) &&
        (found_at + 1 >= expectations_.size() || slots_.size() < 2 ||
         has_id(1, expectations_[found_at + 1].id))) { // events before it were taken out
        for (std::size_t at = 0; at < found_at; ++at) {
            report_missing(expectations_.front(),
                           "it was taken out, and what follows has moved up");
            pop_expectation();
        }
        shift_ -= static_cast<std::int64_t>(found_at);
        return;
    }
    const bool is_moved = expected_at != 0 || found_at != 0;
    report_record(is_moved ? FindingKind::event_moved : FindingKind::event_replaced, slot,
                  &expected,
                  "event " + found_id.to_string() + " stands where this one was sealed" +
                      (expected_at == 0 ? std::string{}
                                        : "; it is at position " +
                                              std::to_string(slots_[expected_at].position.value)));
    if (!is_moved) {
        streams_.lose(expected.version);
    }
    check_stream(slot);
    ++report_.events;
    pop_expectation();
    pop_slot();
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
