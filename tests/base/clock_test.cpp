#include "core/base/clock.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;

TEST_CASE("every wall time survives the way through RFC 3339", "[base]")
{
    auto random = testing::random_generator(1);
    std::size_t changed = 0;
    for (int round = 0; round < 20'000; ++round) {
        const WallTime time{static_cast<std::int64_t>(random()) / 2};
        const auto back = from_rfc3339(to_rfc3339(time));
        changed += back.has_value() && *back == time ? 0U : 1U;
    }
    CHECK(changed == 0);
}

TEST_CASE("offsets, fractions and leap seconds are read", "[base]")
{
    CHECK(from_rfc3339("2025-12-24T10:00:00Z")->nanoseconds == 1'766'570'400'000'000'000);
    CHECK(from_rfc3339("2025-12-24T12:00:00+02:00")->nanoseconds == 1'766'570'400'000'000'000);
    CHECK(from_rfc3339("2025-12-24T10:00:00.5Z")->nanoseconds == 1'766'570'400'500'000'000);
    CHECK(from_rfc3339("2016-12-31T23:59:60Z").has_value());
}

TEST_CASE("what is not a time is refused", "[base]")
{
    for (const auto* text :
         {"", "2025-12-24", "2025-13-01T00:00:00Z", "2025-02-30T00:00:00Z", "2025-12-24T24:00:00Z",
          "2025-12-24T10:00:00", "2025-12-24T10:00:00.Z", "2025-12-24T10:00:00Zx",
          "1500-01-01T00:00:00Z", "2025-12-24T10:00Z"}) {
        INFO(text);
        CHECK(!from_rfc3339(text).has_value());
    }
}
