#include "core/retention/key_period.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <limits>
#include <random>

using namespace sealstream;
using namespace sealstream::testing;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

// The specification: steps from a border known to be one, as slow as it likes.
KeyPeriod spec_period(WallTime now, seconds length, std::int64_t border)
{
    const std::int64_t step = length.count() * second_ns;
    while (border > now.nanoseconds) {
        border -= step;
    }
    while (border + step <= now.nanoseconds) {
        border += step;
    }
    return {"a.b", WallTime{border}, WallTime{border + step}};
}

} // namespace

TEST_CASE("every moment is in the one period that the specification finds", "[retention][property]")
{
    auto random = random_generator(61);
    for (const seconds length : {seconds{1}, seconds{60}, seconds{3600}}) {
        const std::int64_t step = length.count() * second_ns;
        for (int round = 0; round < 500; ++round) {
            const std::int64_t reach = 200 * step;
            const auto spread = static_cast<std::uint64_t>(2 * reach);
            const auto offset = static_cast<std::int64_t>(random() % spread) - reach;
            const WallTime now{round % 5 == 0 ? offset / step * step + round % 3 - 1 : offset};
            INFO(now.nanoseconds << " in periods of " << length.count());
            const KeyPeriod period = period_at("a.b", now, length);
            CHECK(period == spec_period(now, length, 0));
            CHECK((period.from <= now && now < period.until));
        }
    }
}

TEST_CASE("periods are short beside the time that they are kept", "[retention]")
{
    CHECK(period_length(hours{24 * 30}) == hours{1});
    CHECK(period_length(hours{10}) == hours{1});
    CHECK(period_length(hours{10} - seconds{1}) == minutes{1});
    CHECK(period_length(minutes{10}) == minutes{1});
    CHECK(period_length(minutes{10} - seconds{1}) == seconds{1});
    CHECK(period_length(seconds{1}) == seconds{1});
}

TEST_CASE("a key's name says its period, and nothing else is such a name", "[retention]")
{
    const auto now = *from_rfc3339("2026-11-30T10:59:59.999999999Z");
    const KeyPeriod period = period_at("ops.days_30", now, hours{1});
    CHECK(key_name(period) == "ops.days_30/2026-11-30T10:00:00Z/2026-11-30T11:00:00Z");
    CHECK(parse_key_name(key_name(period)) == period);
    for (const char* const name :
         {"", "/", "//", "ops/2026-11-30T10:00:00Z", "/2026-11-30T10:00:00Z/2026-11-30T11:00:00Z",
          "ops/2026-11-30T11:00:00Z/2026-11-30T10:00:00Z",
          "ops/2026-11-30T10:00:00Z/2026-11-30T10:00:00Z",
          "ops/2026-11-30T10:00:00+00:00/2026-11-30T11:00:00Z", "ops/now/2026-11-30T11:00:00Z",
          "subject/4711"}) {
        INFO(name);
        CHECK_FALSE(parse_key_name(name).has_value());
    }
}

TEST_CASE("a payload is kept for its time after the period has ended, or for ever", "[retention]")
{
    const KeyPeriod period = period_at("a.b", *from_rfc3339("2026-11-30T10:30:00Z"), hours{1});
    CHECK(expiry(period, hours{24}) == *from_rfc3339("2026-12-01T11:00:00Z"));
    CHECK(expiry(period, seconds{1}) == *from_rfc3339("2026-11-30T11:00:01Z"));
    CHECK(expiry(period, seconds::max()) == WallTime{std::numeric_limits<std::int64_t>::max()});
    CHECK(expiry(period, hours{24 * 365 * 1000}) ==
          WallTime{std::numeric_limits<std::int64_t>::max()});
}
