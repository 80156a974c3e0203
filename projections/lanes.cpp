#include "projections/lanes.hpp"

#include <algorithm>

namespace sealstream {

std::vector<LanePlan> plan_lanes(const std::vector<LaneMember>& members, std::size_t near_events,
                                 std::size_t lanes_max)
{
    std::optional<Position> first;
    for (const LaneMember& one : members) {
        if (!one.is_out && !one.is_apart) {
            first = std::max(first.value_or(Position{}), one.cursor);
        }
    }
    LanePlan together;
    std::vector<std::size_t> others;
    for (std::size_t at = 0; at < members.size(); ++at) {
        const LaneMember& one = members[at];
        if (one.is_out) {
            continue;
        }
        if (first && !one.is_apart && one.cursor.value + near_events >= first->value) {
            together.members.push_back(at);
        } else {
            others.push_back(at);
        }
    }
    std::stable_sort(others.begin(), others.end(), [&members](std::size_t left, std::size_t right) {
        return members[left].cursor < members[right].cursor;
    });
    std::vector<LanePlan> lanes;
    if (!together.members.empty()) {
        together.is_alone = false;
        lanes.push_back(std::move(together));
    }
    for (const std::size_t at : others) {
        if (lanes.size() == std::max<std::size_t>(1, lanes_max)) {
            break;
        }
        const bool joins = !members[at].is_apart;
        lanes.push_back({{at}, joins ? first : std::nullopt, true});
    }
    return lanes;
}

} // namespace sealstream
