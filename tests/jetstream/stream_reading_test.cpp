// What the leader has, a read of a stream returns, whichever replica answers.

#include "tests/jetstream/scripted_reads.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

using namespace sealstream;
using namespace sealstream::jetstream;
using namespace sealstream::testing;

namespace {

const StreamName stream{"deal", "1"};

Result<StreamPage> read(ReadingWorld& world, Version after = {}, StreamMark from = {},
                        ReadLimits limits = {})
{
    return run_task(world.context,
                    read_stream_page(world.reading(), "main", stream, after, from, limits));
}

std::vector<std::uint64_t> positions(const Result<StreamPage>& page)
{
    std::vector<std::uint64_t> numbers;
    for (const StoredRecord& record : page->records) {
        numbers.push_back(record.position.value);
    }
    return numbers;
}

void append(ReadingWorld& world, std::uint64_t first, std::uint64_t last)
{
    for (std::uint64_t number = first; number <= last; ++number) {
        world.reads.append(stream, {sample_draft(number)});
        world.reads.append({"deal", "2"}, {sample_draft(number + 1'000)});
    }
}

} // namespace

TEST_CASE("a read goes on until it has what the leader has", "[jetstream]")
{
    ReadingWorld world;
    append(world, 1, 3);
    world.reads.replicated = 2; // of six
    world.reads.behind_for = 4;

    const auto page = read(world);

    REQUIRE(page);
    CHECK(positions(page) == std::vector<std::uint64_t>{1, 3, 5});
    CHECK(page->reached.position == Position{5});
    CHECK(page->reached.version == Version{3});
    CHECK(world.reads.asked > 4);
}

TEST_CASE("a replica that never catches up makes a read unavailable, never short", "[jetstream]")
{
    ReadingWorld world;
    append(world, 1, 2);
    world.reads.replicated = 0;

    const auto page = read(world);

    REQUIRE_FALSE(page);
    CHECK(page.error().code == Errc::unavailable);
    CHECK(page.error().context.find("position 3") != std::string::npos);
}

TEST_CASE("a full page asks the leader nothing", "[jetstream]")
{
    ReadingWorld world;
    append(world, 1, 5);
    world.reads.replicated = 6;

    const auto page = read(world, Version{1}, {}, {2, 1 << 20});

    REQUIRE(page);
    CHECK(positions(page) == std::vector<std::uint64_t>{3, 5});
    CHECK(world.reads.asked == 1);
}

TEST_CASE("a read that begins at a mark waits only for what is beyond it", "[jetstream]")
{
    ReadingWorld world;
    append(world, 1, 3);
    world.reads.replicated = 3;
    world.reads.behind_for = 3;

    const auto page = read(world, Version{2}, StreamMark{Version{2}, Position{3}});

    REQUIRE(page);
    CHECK(positions(page) == std::vector<std::uint64_t>{5});
}

TEST_CASE("a stream without events has none, and one of another stream is corrupt", "[jetstream]")
{
    ReadingWorld world;
    world.reads.append({"deal", "2"}, {sample_draft(1)});
    const auto none = read(world);
    REQUIRE(none);
    CHECK(none->records.empty());

    const auto newest = run_task(world.context, read_newest(world.reading(), "main", stream));
    REQUIRE(newest);
    CHECK(newest->head.version == Version{0});
}

TEST_CASE("who asks for a head that does not come pauses between two tries", "[jetstream]")
{
    ReadingWorld world;
    append(world, 1, 1);
    world.reads.failures.assign(40, Errc::unavailable);
    std::optional<Result<NewestEvent>> found;
    boost::asio::co_spawn(world.context, read_newest_patiently(world.reading(), "main", stream),
                          [&found](const std::exception_ptr&, Result<NewestEvent> outcome) {
                              found = std::move(outcome);
                          });

    world.context.poll(); // all that needs no wait
    CHECK(world.reads.asked == 1);

    world.reads.failures.clear();
    while (!found && world.context.run_one() != 0) {
    }
    REQUIRE(found);
    REQUIRE(*found);
    CHECK((*found)->head.version == Version{1});
    CHECK(world.reads.asked <= 3);
}
