#include "projections/plan.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

namespace sealstream {

namespace {

Position position(std::uint64_t value)
{
    return Position{value};
}

} // namespace

TEST_CASE("projections at one place are folded in one pass", "[projections]")
{
    const auto passes = plan_batch({position(4), position(4)}, position(5), position(9));

    REQUIRE(passes);
    CHECK(*passes == std::vector<Pass>{{position(4), position(9), {0, 1}}});
}

TEST_CASE("a projection that is behind is folded alone until it meets the others", "[projections]")
{
    const auto passes =
        plan_batch({position(6), position(4), position(20)}, position(5), position(9));

    REQUIRE(passes);
    CHECK(*passes ==
          std::vector<Pass>{{position(4), position(6), {1}}, {position(6), position(9), {0, 1}}});
}

TEST_CASE("a batch that does not follow the lowest cursor is corrupt", "[projections]")
{
    for (const auto& [first, last] : {std::pair{6U, 9U}, std::pair{4U, 9U}, std::pair{5U, 4U}}) {
        const auto passes = plan_batch({position(4), position(7)}, position(first), position(last));
        REQUIRE(!passes);
        CHECK(passes.error().code == Errc::corrupt);
    }
}

TEST_CASE("every projection sees every event after its cursor once, in order", "[projections]")
{
    auto random = testing::random_generator(91);
    for (int round = 0; round < 1'000; ++round) {
        std::vector<Position> cursors(1 + random() % 5);
        for (Position& cursor : cursors) {
            cursor = position(random() % 40);
        }
        const auto begun = cursors;
        std::vector<std::vector<std::uint64_t>> seen(cursors.size());
        std::uint64_t read = std::min_element(cursors.begin(), cursors.end())->value;
        while (read < 50) { // any split into batches
            const std::uint64_t last = std::min<std::uint64_t>(50, read + 1 + random() % 20);
            const auto passes = plan_batch(cursors, position(read + 1), position(last));
            REQUIRE(passes);
            for (const Pass& pass : *passes) {
                for (const std::size_t one : pass.projections) {
                    REQUIRE(cursors[one] == pass.from);
                    for (auto event = pass.from.value + 1; event <= pass.to.value; ++event) {
                        seen[one].push_back(event);
                    }
                    cursors[one] = pass.to;
                }
            }
            read = last;
        }
        for (std::size_t one = 0; one < cursors.size(); ++one) {
            REQUIRE(seen[one].size() == 50 - begun[one].value);
            REQUIRE(seen[one].front() == begun[one].value + 1);
            REQUIRE(std::is_sorted(seen[one].begin(), seen[one].end()));
        }
    }
}

} // namespace sealstream
