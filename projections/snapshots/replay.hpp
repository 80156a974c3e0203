#pragma once

// Replaying the log into fresh tables, for people: to see that the live ones are what the log says,
// and to bring a whole ledger's read models to one position.
//
// Executor  The I/O thread; SQL runs on the blocking pool.

#include "projections/snapshots/build_past.hpp"
#include "projections/versions.hpp"

namespace sealstream {

// The live tables at one moment: read in one transaction, which holds up nobody.
struct LiveTables {
    Position cursor;
    std::vector<TableDigest> tables;
};
// Blocks. The session is for this alone.
//   not_found   no such projection
//   conflict    its versions are being swapped: try again
[[nodiscard]] Result<LiveTables> read_live_tables(Connection& connection, const std::string& ledger,
                                                  const std::string& projection);

struct ReplayOptions {
    std::optional<Position> to{};       // none: where the live tables stand
    bool has_snapshots{true};           // begins with the nearest
    std::optional<Position> snapshot{}; // only with the one at this position
    bool is_kept{false};                // else the tables are dropped at the end
};

struct ReplayReport {
    PastVersion past;
    std::uint64_t events{0};
    std::chrono::nanoseconds total{0};
    std::vector<TableDigest> tables;
    std::vector<std::string> refused; // snapshots that are not what was sealed

    // What it was compared with: the live tables, or else a snapshot at that position.
    enum class Other : std::uint8_t { none, live, snapshot };
    Other other{Other::none};
    Position live_cursor;
    bool is_equal{true};
    std::vector<std::string> different_tables;
};

// Codes of build_past().
[[nodiscard]] Task<Result<ReplayReport>> replay_projection(FoldContext context, Defined defined,
                                                           ReplayOptions options);

// One transaction: makes these versions, one of each projection, the active ones; those before stay
// for a rollback. `is_paused`: they stay where they stand until somebody resumes them.
//   conflict   a snapshot is being taken, or somebody reads them: try again
//   not_found  one of them is not there any more
[[nodiscard]] Result<void> swap_in_past(Connection& connection, const std::string& ledger,
                                        const std::vector<PastVersion>& versions, bool is_paused);

} // namespace sealstream
