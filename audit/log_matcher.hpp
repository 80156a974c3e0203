#pragma once

// Compares the records of a log with what was sealed. Records that were inserted or taken out shift
// all that follow; the ids tell, so that each such event is named and the rest is still compared.

#include "audit/sealer.hpp"
#include "audit/stream_checker.hpp"
#include "audit/trail_verifier.hpp"

namespace sealstream {

inline constexpr std::size_t match_window = 64; // how far a shift or a swap is looked for

class LogMatcher {
public:
    LogMatcher(std::deque<Expectation>& expectations, VerifyReport& report, FindingList& findings)
        : expectations_{expectations},
          report_{report},
          findings_{findings}
    {
    }

    // The next position of the log, with its record or without.
    void add(StoredRecord record);
    void add_missing(Position position);

    // Compares as far as it can see. With `is_log_done` no record comes any more, with
    // `is_trail_done` no expectation; otherwise it keeps match_window of both ahead.
    void match(bool is_log_done, bool is_trail_done);

    // Set when a ROLLBACK leaf wants records from an earlier position again; the caller clears it
    // with restart().
    [[nodiscard]] std::optional<Position> wants_restart() const noexcept { return restart_; }
    void restart();

    // What stands in the log and has no leaf: call at the very end.
    void count_unsealed();

    [[nodiscard]] std::size_t waiting() const noexcept { return slots_.size(); }
    // Ingest time of the first record without a leaf.
    [[nodiscard]] std::optional<WallTime> unsealed_since() const noexcept
    {
        return unsealed_since_;
    }

private:
    struct Slot {
        Position position;
        std::optional<StoredRecord> record;
        std::optional<Result<RecordFacts>> facts; // once they were asked for
    };

    [[nodiscard]] const RecordFacts* facts(Slot& slot);
    [[nodiscard]] bool has_id(std::size_t at, const EventId& id);
    [[nodiscard]] bool skip_expectation(const Expectation& expected);
    void match_event(const Expectation& expected);
    [[nodiscard]] bool is_unchanged(const Expectation& expected, const Slot& slot);
    void resolve_mismatch(const Expectation& expected, const RecordFacts& found);
    void compare(const Expectation& expected, Slot& slot);
    void take_gap(const Expectation& gap);
    void report_missing(const Expectation& expected, std::string text);
    void report_record(FindingKind kind, Slot& slot, const Expectation* expected, std::string text);
    void check_stream(Slot& slot);
    void pop_expectation() { expectations_.pop_front(); }
    void pop_slot() { slots_.pop_front(); }

    std::deque<Expectation>& expectations_;
    VerifyReport& report_;
    FindingList& findings_;
    std::deque<Slot> slots_;
    StreamChecker streams_;
    Position streams_checked_to_;
    std::int64_t shift_{0}; // position in the log minus position when sealed
    std::optional<Position> restart_;
    std::optional<WallTime> unsealed_since_;
    bool is_other_log_reported_{false};
};

} // namespace sealstream
