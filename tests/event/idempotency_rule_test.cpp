// The rule against its specification: a log that knows an id for exactly `window`, tried with every
// small choice of times.

#include "core/event/idempotency_rule.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;

namespace {

using Ticks = std::int64_t;

// What happens in one try, in ticks of the log's clock. Our own clock shows `offset` more.
struct Try {
    Ticks window;
    Ticks above_since; // whatever the look-up could not see came then or later
    Ticks came;        // the earlier event with the same id, unseen by the look-up
    Ticks asked;       // we ask the log for its clock,
    Ticks read;        // it reads its clock,
    Ticks sent;        // we send, if the rule lets us,
    Ticks taken;       // and the log takes the message
};

constexpr Ticks offset = 1'000'000;

Monotonic our_clock(Ticks at)
{
    return Monotonic{} + std::chrono::nanoseconds{at + offset};
}

bool rule_allows(const Try& one)
{
    const ClockReading reading{WallTime{one.read}, our_clock(one.asked)};
    const auto until =
        send_until(WallTime{one.above_since}, std::chrono::nanoseconds{one.window}, reading);
    return our_clock(one.sent) < until;
}

// The log has forgotten the id, so the event would be there twice.
bool would_double(const Try& one)
{
    return one.taken - one.came >= one.window;
}

} // namespace

TEST_CASE("what the rule lets through is never there twice", "[idempotency][exhaustive]")
{
    std::size_t doubled = 0;
    std::size_t allowed = 0;
    for (const Ticks window : {4, 8, 12}) {
        for (Ticks since = 0; since <= 4; ++since) {
            for (Ticks came = since; came <= since + 2; ++came) {
                for (Ticks asked = 0; asked <= 8; ++asked) {
                    for (Ticks read = asked; read <= asked + 4; ++read) {
                        for (Ticks sent = read; sent <= read + window; ++sent) {
                            for (Ticks late = 0; late <= window / 4; ++late) {
                                const Try one{window, since, came, asked, read, sent, sent + late};
                                const bool is_allowed = rule_allows(one);
                                allowed += is_allowed ? 1U : 0U;
                                doubled += is_allowed && would_double(one) ? 1U : 0U;
                            }
                        }
                    }
                }
            }
        }
    }
    CHECK(doubled == 0);
    CHECK(allowed > 10'000);
}

TEST_CASE("the margin is needed: a message that takes longer than it can double", "[idempotency]")
{
    const Try late{8, 0, 0, 0, 0, 5, 8}; // a quarter of 8 is 2; this one takes 3

    CHECK(rule_allows(late));
    CHECK(would_double(late));
}

TEST_CASE("an index that lags three quarters of the window is too far behind", "[idempotency]")
{
    const ClockReading reading{WallTime{600}, Monotonic{}};
    const std::chrono::nanoseconds window{800};

    CHECK(send_until(WallTime{1}, window, reading) > Monotonic{});
    CHECK(send_until(WallTime{0}, window, reading) == Monotonic{});
    CHECK(trusted_part(window) == std::chrono::nanoseconds{600});
}
