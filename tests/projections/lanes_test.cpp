#include "projections/lanes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <set>

namespace sealstream {

namespace {

LaneMember at(std::uint64_t cursor)
{
    return {Position{cursor}, false, false};
}

} // namespace

TEST_CASE("projections that are close to each other share a lane", "[projections]")
{
    const auto lanes = plan_lanes({at(1'000), at(950), at(900)}, 100, 3);

    CHECK(lanes == std::vector<LanePlan>{{{0, 1, 2}, std::nullopt, false}});
}

TEST_CASE("one that is far behind has a lane of its own until it meets the others", "[projections]")
{
    const auto lanes = plan_lanes({at(1'000), at(10), at(990)}, 100, 3);

    CHECK(lanes ==
          std::vector<LanePlan>{{{0, 2}, std::nullopt, false}, {{1}, Position{1'000}, true}});
}

TEST_CASE("one that held the others up is folded on its own, for as long as it is apart",
          "[projections]")
{
    auto slow = at(995);
    slow.is_apart = true;

    CHECK(plan_lanes({at(1'000), slow}, 100, 3) ==
          std::vector<LanePlan>{{{0}, std::nullopt, false}, {{1}, std::nullopt, true}});
    CHECK(plan_lanes({slow}, 100, 3) == std::vector<LanePlan>{{{0}, std::nullopt, true}});
}

TEST_CASE("who is halted or paused is in no lane, and nobody waits for it", "[projections]")
{
    auto out = at(5'000);
    out.is_out = true;

    CHECK(plan_lanes({out, at(10), at(20)}, 100, 3) ==
          std::vector<LanePlan>{{{1, 2}, std::nullopt, false}});
    CHECK(plan_lanes({out}, 100, 3).empty());
}

TEST_CASE("there are never more lanes than allowed, and nobody is in two", "[projections]")
{
    auto random = testing::random_generator(5);
    for (int round = 0; round < 2'000; ++round) {
        std::vector<LaneMember> members;
        for (std::size_t count = random() % 8; count > 0; --count) {
            members.push_back({Position{random() % 500}, random() % 4 == 0, random() % 4 == 0});
        }
        const std::size_t lanes_max = 1 + random() % 4;
        const auto lanes = plan_lanes(members, 100, lanes_max);

        CHECK(lanes.size() <= lanes_max);
        std::set<std::size_t> seen;
        std::size_t able = 0;
        for (const LaneMember& one : members) {
            able += one.is_out ? 0U : 1U;
        }
        for (const LanePlan& lane : lanes) {
            for (const std::size_t member : lane.members) {
                CHECK(seen.insert(member).second);
                CHECK_FALSE(members[member].is_out);
                CHECK((lane.members.size() == 1 || !members[member].is_apart));
            }
        }
        CHECK((lanes.size() == lanes_max || seen.size() == able));
    }
}

} // namespace sealstream
