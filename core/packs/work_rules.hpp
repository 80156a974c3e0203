#pragma once

// What packs want done on time, decided: when an invariant or a schedule is due, what the last
// event of its stream says, and what a look at the tables means after that. Pure.
//
// The ledger remembers, nobody else: each invariant has a stream of its own, and so has each
// schedule. Whoever appends there expects the version that was decided on, so two who both believe
// that it is their turn can not tell one thing twice.

#include "core/event/event.hpp"
#include "core/packs/pack.hpp"

namespace sealstream {

inline constexpr std::string_view breached_event_type = "invariant.breached";
inline constexpr std::string_view held_event_type = "invariant.held";
inline constexpr std::string_view schedule_event_type = "schedule.ran";

// "deals.dense_events"
[[nodiscard]] std::string work_name(std::string_view pack, std::string_view part);

// The moments of "every" are its multiples since 1970-01-01 UTC; the newest that is not after now.
[[nodiscard]] WallTime newest_moment(WallTime now, std::chrono::milliseconds every);

struct WorkPace {
    std::chrono::milliseconds every{std::chrono::minutes{1}};
    std::optional<WallTime> done{};     // the newest moment that was run
    std::optional<WallTime> retry_at{}; // after a failure: not before that
};
// The moment to run now; none: nothing is due. What was missed is not made up for: the newest
// moment stands for all before it. A clock that goes back only delays.
[[nodiscard]] std::optional<WallTime> due_moment(const WorkPace& pace, WallTime now);
// When due_moment() must be asked again.
[[nodiscard]] WallTime next_look(const WorkPace& pace, WallTime now);

// What the ledger has told about an invariant last.
struct BreachState {
    bool is_breached{false};
    Version version{};      // of its stream; 0: nothing yet
    Position position{};    // of the event
    Position seen{};        // what the tables showed when it was decided
    Position first_seen{};  // the same, when the breach began
    std::uint64_t number{}; // of this telling, from 1 in each breach
    std::string digest{};   // of the rows
    WallTime told_at{};     // by the log's clock
};
//   corrupt   the stream holds what nobody here appends
[[nodiscard]] Result<BreachState> breach_state(const StoredEvent& last);

// What an invariant's SQL gave.
struct InvariantLook {
    Position cursor{}; // the tables show everything up to it
    std::vector<std::string> rows{};
    bool has_more{false};
};
// Whatever the order of the rows.
[[nodiscard]] std::string rows_digest(const InvariantLook& look);

enum class Telling : std::uint8_t { nothing, begins, again, ends };
// A look at older tables than those of the last telling says nothing.
[[nodiscard]] Telling tell(const BreachState& state, const PackInvariant& invariant,
                           const InvariantLook& look, WallTime now);

// The event that tells it, without id, source and salt. `telling` is not `nothing`.
[[nodiscard]] Draft breach_event(const Pack& pack, const PackInvariant& invariant,
                                 const BreachState& state, const InvariantLook& look,
                                 Telling telling);

// What the ledger has told about a schedule last.
struct ScheduleState {
    std::optional<WallTime> moment{}; // the newest that has appended something
    Version version{};
    Position position{}; // its rows are at or below
};
//   corrupt   as above
[[nodiscard]] Result<ScheduleState> schedule_state(const StoredEvent& last);

struct ScheduleOutcome {
    WallTime moment{};
    Position cursor{}; // what the tables showed
    std::size_t appended{0};
    std::size_t known{0};               // rows with a key that was there
    std::vector<std::string> refused{}; // JSON objects: row, code, reason
};
[[nodiscard]] Draft schedule_event(std::string_view name, const ScheduleOutcome& outcome);

} // namespace sealstream
