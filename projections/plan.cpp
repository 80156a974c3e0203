#include "projections/plan.hpp"

#include <algorithm>

namespace sealstream {

Result<std::vector<Pass>> plan_batch(const std::vector<Position>& cursors, Position first,
                                     Position last)
{
    Position from = *std::min_element(cursors.begin(), cursors.end());
    if (first != from.next() || last < first) {
        return Error{Errc::corrupt, "expected the event at " + std::to_string(from.next().value) +
                                        ", got " + std::to_string(first.value) + ".." +
                                        std::to_string(last.value)};
    }
    std::vector<Pass> passes;
    while (from < last) {
        Pass pass{from, last, {}};
        for (std::size_t at = 0; at < cursors.size(); ++at) {
            if (cursors[at] <= from) {
                pass.projections.push_back(at);
            } else {
                pass.to = std::min(pass.to, cursors[at]);
            }
        }
        from = pass.to;
        passes.push_back(std::move(pass));
    }
    return passes;
}

} // namespace sealstream
