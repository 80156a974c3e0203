#pragma once

// Which projections a batch of events is for: pure. Projections of one projector usually share
// their cursor; one that is behind is folded alone until it meets the others.

#include "core/event/position.hpp"

#include <vector>

namespace sealstream {

// One transaction: the events after `from` up to `to`, for the projections that stand at `from`.
struct Pass {
    Position from;
    Position to;
    std::vector<std::size_t> projections; // indexes into the cursors, ascending

    friend bool operator==(const Pass&, const Pass&) = default;
};

// The passes that bring all cursors that are below `last` to `last`, in order: every projection
// sees each event after its cursor exactly once, in order. `cursors` is not empty.
//
//   corrupt   `first` is not the event directly after the lowest cursor, or `last` is before
//   `first`
[[nodiscard]] Result<std::vector<Pass>> plan_batch(const std::vector<Position>& cursors,
                                                   Position first, Position last);

} // namespace sealstream
