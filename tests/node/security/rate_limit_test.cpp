// Rate limits against a slow specification, and their bounds.

#include "node/security/rate_limit.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <deque>

using namespace sealstream;
using namespace sealstream::security;
using namespace std::chrono_literals;

namespace {

// The specification: a bucket that is filled millisecond by millisecond.
class SlowBucket {
public:
    SlowBucket(std::int64_t rate, std::int64_t burst_seconds)
        : rate_{rate},
          full_{rate * burst_seconds * 1'000},
          balance_{full_}
    {
    }
    void wait(std::int64_t milliseconds)
    {
        for (std::int64_t each = 0; each < milliseconds; ++each) {
            balance_ = std::min(full_, balance_ + rate_);
        }
    }
    [[nodiscard]] bool has_one() const { return balance_ >= 1'000; }
    void spend(std::int64_t amount)
    {
        balance_ = std::max(balance_ - amount * 1'000, -60 * rate_ * 1'000);
    }

private:
    std::int64_t rate_;
    std::int64_t full_;
    std::int64_t balance_;
};

} // namespace

TEST_CASE("buckets agree with their slow specification", "[security][property]")
{
    auto random = testing::random_generator(71);
    std::size_t differences = 0;
    std::size_t refused = 0;
    for (int world = 0; world < 60; ++world) {
        RateOptions options;
        options.requests_per_second = 1 + random() % 20;
        options.events_per_second = 1 + random() % 50;
        options.burst_seconds = 1 + random() % 3;
        RateLimiter limiter{options};
        const auto burst = static_cast<std::int64_t>(options.burst_seconds);
        SlowBucket requests{static_cast<std::int64_t>(options.requests_per_second), burst};
        SlowBucket events{static_cast<std::int64_t>(options.events_per_second), burst};
        RateLimiter::Moment now{0};
        static_cast<void>(limiter.admit("other", now));
        for (int step = 0; step < 200; ++step) {
            const auto passed = static_cast<std::int64_t>(random() % 120);
            now += std::chrono::milliseconds{passed};
            requests.wait(passed);
            events.wait(passed);
            const bool expected = requests.has_one() && events.has_one();
            const auto answer = limiter.admit("client", now);
            differences += answer.is_allowed != expected ? 1U : 0U;
            refused += expected ? 0U : 1U;
            if (expected) {
                requests.spend(1);
                const auto amount = random() % 40;
                events.spend(static_cast<std::int64_t>(amount));
                limiter.charge("client", Resource::events, amount, now);
            }
        }
    }
    CHECK(differences == 0);
    CHECK(refused > 1'000);
}

TEST_CASE("who is refused is told how long to wait, and that is enough", "[security]")
{
    RateOptions options;
    options.events_per_second = 10;
    options.burst_seconds = 1;
    RateLimiter limiter{options};
    CHECK(limiter.admit("a", 0s).is_allowed);
    limiter.charge("a", Resource::events, 45, 0s); // ten were there

    const auto answer = limiter.admit("a", 0s);
    CHECK_FALSE(answer.is_allowed);
    CHECK(answer.resource == Resource::events);
    CHECK(answer.wait == 4s);
    CHECK_FALSE(limiter.admit("a", 3s).is_allowed);
    CHECK(limiter.admit("a", answer.wait).is_allowed);
    CHECK(limiter.admit("b", 0s).is_allowed); // others are not concerned
}

TEST_CASE("one huge request is paid for within a minute", "[security]")
{
    RateOptions options;
    options.bytes_per_second = 1'000;
    RateLimiter limiter{options};
    static_cast<void>(limiter.admit("a", 0s));
    limiter.charge("a", Resource::bytes, std::uint64_t{1} << 62, 0s);

    CHECK(limiter.admit("a", 0s).wait <= 61s);
    CHECK(limiter.admit("a", 61s).is_allowed);
}

TEST_CASE("the table of clients keeps its bound and forgets who was silent longest", "[security]")
{
    RateOptions options;
    options.requests_per_second = 1;
    options.burst_seconds = 1;
    options.clients_max = 100;
    RateLimiter limiter{options};
    CHECK(limiter.admit("old", 0s).is_allowed);
    CHECK_FALSE(limiter.admit("old", 0s).is_allowed);
    for (int number = 0; number < 10'000; ++number) {
        CHECK(limiter.admit("client" + std::to_string(number), 0s).is_allowed);
        if (number < 50) {
            static_cast<void>(limiter.admit("old", 0s));
        }
    }
    CHECK(limiter.clients() == 100);
    CHECK(limiter.admit("old", 0s).is_allowed); // forgotten
    CHECK_FALSE(limiter.admit("client9999", 0s).is_allowed);
}

TEST_CASE("without a limit nothing is counted", "[security]")
{
    RateLimiter limiter{{}};
    for (int number = 0; number < 100; ++number) {
        CHECK(limiter.admit("a", 0s).is_allowed);
    }
    limiter.charge("a", Resource::bytes, 1'000'000, 0s);
    CHECK(limiter.clients() == 0);
}
