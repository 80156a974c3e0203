#include "projections/snapshots/policy.hpp"

#include <algorithm>

namespace sealstream {

bool is_snapshot_due(const SnapshotPolicy& policy, const SnapshotStanding& standing)
{
    if (standing.cursor <= standing.newest) {
        return false;
    }
    const bool by_events =
        policy.events != 0 && standing.cursor.value - standing.newest.value >= policy.events;
    const bool by_time =
        policy.interval.count() != 0 && (!standing.age || *standing.age >= policy.interval);
    return by_events || by_time;
}

std::vector<std::size_t> surplus_snapshots(const std::vector<Position>& positions, std::size_t keep)
{
    std::vector<std::size_t> kept(positions.size());
    for (std::size_t at = 0; at < kept.size(); ++at) {
        kept[at] = at;
    }
    std::vector<std::size_t> surplus;
    while (kept.size() > std::max<std::size_t>(keep, 1)) {
        const auto gap_without = [&](std::size_t at) {
            const std::uint64_t before = at == 0 ? 0 : positions[kept[at - 1]].value;
            return positions[kept[at + 1]].value - before;
        };
        std::size_t least = 0;
        for (std::size_t at = 1; at + 1 < kept.size(); ++at) {
            least = gap_without(at) < gap_without(least) ? at : least;
        }
        surplus.push_back(kept[least]);
        kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(least));
    }
    std::sort(surplus.begin(), surplus.end());
    return surplus;
}

} // namespace sealstream
