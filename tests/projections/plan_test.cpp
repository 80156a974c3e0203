#include "projections/plan.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

namespace sealstream {

namespace {

Position at(std::uint64_t value)
{
    return Position{value};
}

} // namespace

TEST_CASE("projections at one place are folded in one pass", "[projections]")
{
    const auto passes = plan_batch({at(4), at(4)}, at(5), at(9));

    REQUIRE(passes);
    CHECK(*passes == std::vector<Pass>{{at(4), at(9), {0, 1}}});
}

TEST_CASE("a projection that is behind is folded alone until it meets the others", "[projections]")
{
    const auto passes = plan_batch({at(6), at(4), at(20)}, at(5), at(9));

    REQUIRE(passes);
    CHECK(*passes == std::vector<Pass>{{at(4), at(6), {1}}, {at(6), at(9), {0, 1}}});
}

TEST_CASE("a batch that does not follow the lowest cursor is corrupt", "[projections]")
{
    for (const auto& [first, last] : {std::pair{6U, 9U}, std::pair{4U, 9U}, std::pair{5U, 4U}}) {
        const auto passes = plan_batch({at(4), at(7)}, at(first), at(last));
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
            cursor = at(random() % 40);
        }
        const auto begun = cursors;
        std::vector<std::vector<std::uint64_t>> seen(cursors.size());
        std::uint64_t read = std::min_element(cursors.begin(), cursors.end())->value;
        while (read < 50) { // any split into batches
            const std::uint64_t last = std::min<std::uint64_t>(50, read + 1 + random() % 20);
            const auto passes = plan_batch(cursors, at(read + 1), at(last));
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
