// When a key set is fetched again.

#include "node/security/key_pacing.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream::security;
using namespace std::chrono_literals;

namespace {

// The first moment, in steps of 100 ms, at which a fetch is due; at most a day away.
std::chrono::milliseconds due_after(const KeyPacing& pacing, KeyPacing::Moment from, bool is_wished)
{
    auto at = 0ms;
    while (!pacing.is_due(from + at, is_wished) && at < 24h) {
        at += 100ms;
    }
    return at;
}

constexpr KeyPacing::Moment start{1'000s};

} // namespace

TEST_CASE("the first fetch is due at once, the next after the interval", "[security][keys]")
{
    KeyPacing pacing{300s, 30s};
    CHECK(pacing.is_due(start, false));

    pacing.tried(true, start);

    CHECK(due_after(pacing, start, false) == 300s);
}

TEST_CASE("a wish brings a fetch forward, but only every so often", "[security][keys]")
{
    KeyPacing pacing{300s, 30s};
    pacing.tried(true, start);
    CHECK(due_after(pacing, start, true) == 30s);

    pacing.tried(true, start + 30s);
    CHECK(due_after(pacing, start + 30s, true) == 30s); // however many tokens wish for it
}

TEST_CASE("failures make the wait longer up to a bound, and a wish does not help",
          "[security][keys]")
{
    KeyPacing pacing{300s, 30s};
    auto now = start;
    for (const auto expected : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}) {
        pacing.tried(false, now);
        CHECK(due_after(pacing, now, false) == expected);
        CHECK(due_after(pacing, now, true) == expected);
        now += expected;
    }
    pacing.tried(true, now);
    CHECK(due_after(pacing, now, false) == 300s);

    KeyPacing quick{5s, 30s};
    for (int failures = 0; failures < 100; ++failures) {
        quick.tried(false, now);
    }
    CHECK(due_after(quick, now, false) == 5s); // never later than without failures
}
