#include "projections/pacing.hpp"
#include "tests/support/catch.hpp"

namespace sealstream {

namespace {

Pace pace_of(Errc code)
{
    Pacing pacing{BackoffOptions{}};
    return pacing.after(Error{code, "", ""});
}

} // namespace

TEST_CASE("what time can mend is tried again, after a wait", "[projections]")
{
    for (const Errc code : {Errc::unavailable, Errc::outcome_unknown, Errc::conflict,
                            Errc::overloaded, Errc::timed_out, Errc::capacity}) {
        INFO(name(code));
        CHECK(pace_of(code).verdict == NextStep::retry);
        CHECK(pace_of(code).wait.count() > 0);
    }
}

TEST_CASE("what time can not mend halts", "[projections]")
{
    for (const Errc code : {Errc::corrupt, Errc::unsupported, Errc::internal, Errc::malformed}) {
        INFO(name(code));
        CHECK(pace_of(code).verdict == NextStep::halt);
    }
    CHECK(pace_of(Errc::refused).verdict == NextStep::fenced);
    CHECK(pace_of(Errc::shutting_down).verdict == NextStep::stop);
}

TEST_CASE("waits grow up to their bound, and begin anew after a success", "[projections]")
{
    const BackoffOptions options{std::chrono::milliseconds{10}, std::chrono::milliseconds{80}};
    Pacing pacing{options};
    const Error away{Errc::unavailable, "", ""};
    for (int tries = 0; tries < 20; ++tries) {
        CHECK(pacing.after(away).wait <= options.longest);
    }
    CHECK(pacing.after(away).wait >= options.longest / 2);

    pacing.succeeded();

    CHECK(pacing.after(away).wait <= options.first * 2);
}

} // namespace sealstream
