// When a server that answers nothing any more is left for another.

#include "jetstream/server_patience.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::jetstream;
using namespace std::chrono_literals;

namespace {

constexpr Monotonic start{1h};

} // namespace

TEST_CASE("a server is left when nothing was answered for long enough", "[jetstream]")
{
    ServerPatience patience{5s};

    CHECK(!patience.unanswered(start, start + 3s)); // counts from when it was asked
    CHECK(!patience.unanswered(start + 1s, start + 4s));
    CHECK(patience.unanswered(start + 3s, start + 5s));
}

TEST_CASE("an answer between makes the time begin anew", "[jetstream]")
{
    ServerPatience patience{5s};

    CHECK(!patience.unanswered(start, start + 3s));
    patience.answered();
    CHECK(!patience.unanswered(start + 3s, start + 6s));
    CHECK(patience.unanswered(start + 3s, start + 8s));
}

TEST_CASE("where no server answers, each is given longer, up to a bound", "[jetstream]")
{
    ServerPatience patience{5s};
    std::vector<std::chrono::seconds> stays;
    Monotonic now = start;

    for (int server = 0; server < 6; ++server) {
        patience.begin_anew();
        const Monotonic arrived = now;
        while (!patience.unanswered(now - 1s, now)) {
            now += 1s;
        }
        stays.push_back(std::chrono::duration_cast<std::chrono::seconds>(now - arrived));
    }

    // The first question was put a second before.
    CHECK(stays == std::vector<std::chrono::seconds>{4s, 9s, 19s, 39s, 39s, 39s});
    patience.answered();
    CHECK(patience.unanswered(now - 5s, now));
}
