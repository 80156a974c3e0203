// An append that is in the log is found there, by a node whose clock is wrong, and behind a replica
// that has not got it yet. What is not found is never taken for a misuse of an id.

#include "jetstream/repeat_search.hpp"
#include "tests/jetstream/scripted_reads.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

using namespace sealstream;
using namespace sealstream::jetstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

const StreamName first_stream{"deal", "1"};
const StreamName second_stream{"deal", "2"};

AppendRequest sample_request()
{
    return AppendRequest{{{first_stream, {}, {sample_draft(1), sample_draft(2)}},
                          {second_stream, {}, {sample_draft(3)}}}};
}

struct SearchWorld : ReadingWorld {
    void store(const AppendRequest& request)
    {
        for (const StreamAppend& append : request.appends) {
            reads.append(append.stream, append.drafts);
        }
    }

    Result<Appended> search(const AppendRequest& request)
    {
        std::vector<NewestEvent> newest;
        for (const StreamAppend& append : request.appends) {
            const auto found = run_task(context, read_newest(reading(), "main", append.stream));
            REQUIRE(found);
            newest.push_back(*found);
        }
        return run_task(context, find_repeat(reading(), "main", request, newest, 600s));
    }
};

std::vector<std::uint64_t> appended_positions(const Result<Appended>& appended)
{
    std::vector<std::uint64_t> numbers;
    for (const Placed& placed : appended->events) {
        numbers.push_back(placed.position.value);
    }
    return numbers;
}

} // namespace

TEST_CASE("a stored append is found behind a replica that has not got it yet", "[jetstream]")
{
    SearchWorld world;
    world.reads.append(first_stream, {sample_draft(90)});
    world.store(sample_request());
    world.reads.replicated = 1;
    world.reads.behind_for = 6;

    const auto found = world.search(sample_request());

    REQUIRE(found);
    CHECK(found->is_repeat);
    CHECK(appended_positions(found) == std::vector<std::uint64_t>{2, 3, 4});
}

TEST_CASE("a replica that never catches up leaves the question open", "[jetstream]")
{
    SearchWorld world;
    world.store(sample_request());
    world.reads.replicated = 2; // of three: one stream of two

    const auto found = world.search(sample_request());

    REQUIRE_FALSE(found);
    CHECK(found.error().code == Errc::unavailable);
    CHECK(answer_to_duplicate(found).error().code == Errc::outcome_unknown);
}

TEST_CASE("our clock does not matter to what is found", "[jetstream]")
{
    for (const auto ahead : {-24h, 0h, 24h}) {
        SearchWorld world;
        const auto wall = world.reads.now.nanoseconds + std::chrono::nanoseconds{ahead}.count();
        world.clock.set_wall(WallTime{wall});
        world.store(sample_request());
        world.reads.now.nanoseconds += std::chrono::nanoseconds{9min}.count(); // in the window
        world.reads.append(first_stream, {sample_draft(91)});
        world.reads.append(second_stream, {sample_draft(92)});

        const auto found = world.search(sample_request());

        INFO(ahead.count());
        REQUIRE(found);
        CHECK(appended_positions(found) == std::vector<std::uint64_t>{1, 2, 3});
    }
}

TEST_CASE("what is not in the log is not found, and half of it is a misuse", "[jetstream]")
{
    SearchWorld world;
    world.reads.append(first_stream, {sample_draft(90)});
    CHECK(world.search(sample_request()).error().code == Errc::not_found);

    world.reads.append(first_stream, {sample_draft(2)});
    CHECK(world.search(sample_request()).error().code == Errc::key_reuse);

    SearchWorld other;
    other.store(sample_request());
    auto changed = sample_request();
    changed.appends.front().drafts.front().data = "\"other\"";
    CHECK(other.search(changed).error().code == Errc::key_reuse);
}

TEST_CASE("a conflict stands only once the append is known not to be in the log", "[jetstream]")
{
    const Error conflict{Errc::conflict, "version 3"};
    const auto answer = [&conflict](Errc found, bool may_be_stored) {
        const Result<Appended> outcome = Error{found, {}};
        return answer_to_conflict(outcome, conflict, may_be_stored).error().code;
    };
    CHECK(answer_to_conflict(Appended{}, conflict, false).has_value());
    CHECK(answer(Errc::not_found, false) == Errc::conflict);
    CHECK(answer(Errc::not_found, true) == Errc::conflict);
    CHECK(answer(Errc::key_reuse, true) == Errc::key_reuse);
    CHECK(answer(Errc::unavailable, false) == Errc::unavailable);
    CHECK(answer(Errc::unavailable, true) == Errc::outcome_unknown);
    CHECK(answer(Errc::corrupt, true) == Errc::corrupt);
}

TEST_CASE("an id that the server knows and nobody finds is no misuse of it", "[jetstream]")
{
    const auto answer = [](Errc found) {
        const Result<Appended> outcome = Error{found, {}};
        return answer_to_duplicate(outcome).error().code;
    };
    CHECK(answer_to_duplicate(Appended{}).has_value());
    CHECK(answer(Errc::not_found) == Errc::outcome_unknown);
    CHECK(answer(Errc::unavailable) == Errc::outcome_unknown);
    CHECK(answer(Errc::key_reuse) == Errc::key_reuse);
    CHECK(answer(Errc::corrupt) == Errc::corrupt);
}
