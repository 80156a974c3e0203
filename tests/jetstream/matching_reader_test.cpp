// Pages of some stream types miss nothing: neither what a replica does not show yet, nor what comes
// while one type after the other is read.

#include "jetstream/matching_reader.hpp"
#include "tests/jetstream/scripted_reads.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

using namespace sealstream;
using namespace sealstream::jetstream;
using namespace sealstream::testing;

namespace {

const LogFilter both{{"deal", "note"}};

Result<std::vector<StoredRecord>> read_page(ReadingWorld& world, Position head, Position after = {})
{
    return run_task(world.context,
                    read_matching(world.reading(), "main", after, head, ReadLimits{}, both));
}

std::vector<std::uint64_t> positions(const std::vector<StoredRecord>& records)
{
    std::vector<std::uint64_t> numbers;
    for (const StoredRecord& record : records) {
        numbers.push_back(record.position.value);
    }
    return numbers;
}

} // namespace

TEST_CASE("of some types a replica that is behind is waited for", "[jetstream]")
{
    ReadingWorld world;
    world.reads.append({"deal", "1"}, {sample_draft(1)});
    world.reads.append({"other", "1"}, {sample_draft(2)});
    world.reads.append({"note", "1"}, {sample_draft(3)});
    world.reads.append({"deal", "1"}, {sample_draft(4)});
    world.reads.replicated = 2;
    world.reads.behind_for = 5;

    const auto page = read_page(world, Position{4});

    REQUIRE(page);
    CHECK(positions(*page) == std::vector<std::uint64_t>{1, 3, 4});
}

TEST_CASE("of some types a replica that stays behind is an error, and no end", "[jetstream]")
{
    ReadingWorld world;
    world.reads.append({"deal", "1"}, {sample_draft(1)});
    world.reads.append({"note", "1"}, {sample_draft(2)});
    world.reads.replicated = 1;

    const auto page = read_page(world, Position{2}, Position{1});

    REQUIRE(!page);
    CHECK(page.error().code == Errc::unavailable);
}

TEST_CASE("what is appended while types are read_page is left to the next page", "[jetstream]")
{
    ReadingWorld world;
    world.reads.append({"deal", "1"}, {sample_draft(1)});
    bool has_come = false;
    world.reads.after_read = [&world, &has_come] {
        if (!has_come) { // deals have been read, notes have not
            world.reads.append({"deal", "1"}, {sample_draft(2)});
            world.reads.append({"note", "1"}, {sample_draft(3)});
            has_come = true;
        }
    };

    const auto first = read_page(world, Position{1});
    const auto next = read_page(world, Position{3}, Position{1});

    REQUIRE(first);
    REQUIRE(next);
    CHECK(positions(*first) == std::vector<std::uint64_t>{1});
    CHECK(positions(*next) == std::vector<std::uint64_t>{2, 3});
}
