#include "audit/log_matcher.hpp"

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

} // namespace sealstream
