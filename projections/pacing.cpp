#include "projections/pacing.hpp"

namespace sealstream {

namespace {

NextStep verdict_of(Errc code)
{
    if (code == Errc::shutting_down) {
        return NextStep::stop;
    }
    if (code == Errc::refused) {
        return NextStep::fenced;
    }
    // A conflict says that the cursor or the version moved under us: it is read again.
    if (code == Errc::conflict || info(code).is_retryable) {
        return NextStep::retry;
    }
    return NextStep::halt; // trying again would give the same, and skipping would lie
}

} // namespace

NextStep Pacing::verdict(const Error& failure) noexcept
{
    return verdict_of(failure.code);
}

Pace Pacing::after(const Error& failure)
{
    Pace pace{verdict_of(failure.code), std::chrono::milliseconds{0}};
    if (pace.verdict == NextStep::retry) {
        pace.wait = backoff_.next();
    }
    return pace;
}

} // namespace sealstream
