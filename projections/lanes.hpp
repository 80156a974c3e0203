#pragma once

// Which projections are folded together: pure. Those that are close to each other share batches;
// one that is far behind, or holds the others up, has a lane of its own.

#include "core/event/position.hpp"

#include <optional>
#include <vector>

namespace sealstream {

struct LaneMember {
    Position cursor;
    bool is_out{false};   // halted, paused, or waiting for its next try
    bool is_apart{false}; // it has held the others up
};

struct LanePlan {
    std::vector<std::size_t> members; // indexes, ascending
    std::optional<Position> until;    // then it joins the others
    bool is_alone{false};             // nobody waits for it

    friend bool operator==(const LanePlan&, const LanePlan&) = default;
};

// At most `lanes_max` (at least 1) lanes; who finds none waits, those furthest behind go first.
// `near_events`: how far behind the first one still shares its batches.
[[nodiscard]] std::vector<LanePlan> plan_lanes(const std::vector<LaneMember>& members,
                                               std::size_t near_events, std::size_t lanes_max);

} // namespace sealstream
