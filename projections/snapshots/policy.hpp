#pragma once

// When a snapshot is taken, and which are kept: pure.

#include "core/event/position.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace sealstream {

struct SnapshotPolicy {
    std::uint64_t events{0};            // of the log since the last one; 0: not by their number
    std::chrono::seconds interval{0};   // since the last one; 0: not by time
    std::size_t keep{4};                // of one projection
    std::chrono::seconds time_max{600}; // for taking one
};

// A projection and its newest snapshot that can be used.
struct SnapshotStanding {
    Position cursor;
    Position newest;                         // 0: there is none
    std::optional<std::chrono::seconds> age; // of the newest; none: there is none
};

// Never where nothing was folded since the last one.
[[nodiscard]] bool is_snapshot_due(const SnapshotPolicy& policy, const SnapshotStanding& standing);

// Which of these, ascending, are too many: each time the one whose loss makes the smallest gap, so
// that what is left is spread over the log; never the newest. Their indexes, ascending. `keep` is
// at least 1.
[[nodiscard]] std::vector<std::size_t> surplus_snapshots(const std::vector<Position>& positions,
                                                         std::size_t keep);

} // namespace sealstream
