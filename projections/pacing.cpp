#include "projections/pacing.hpp"

namespace sealstream {

namespace {

Verdict verdict_of(Errc code)
{
    switch (code) {
    case Errc::conflict:        // the cursor or the version moved under us: read it again
    case Errc::outcome_unknown: // the commit may have happened: read the cursor again
    case Errc::overloaded:
    case Errc::unavailable:
    case Errc::timed_out:
    case Errc::capacity: // heals when an operator makes room; metrics and logs say so
        return Verdict::retry;
    case Errc::refused:
        return Verdict::fenced;
    case Errc::shutting_down:
        return Verdict::stop;
    case Errc::malformed:
    case Errc::duplicate_key:
    case Errc::invalid_utf8:
    case Errc::lone_surrogate:
    case Errc::number_out_of_range:
    case Errc::too_deep:
    case Errc::too_large:
    case Errc::bad_name:
    case Errc::unauthenticated:
    case Errc::forbidden:
    case Errc::not_found:
    case Errc::key_reuse:
    case Errc::precondition_required:
    case Errc::corrupt:
    case Errc::unsupported:
    case Errc::internal:
    case Errc::proof_too_short:
    case Errc::proof_too_long:
    case Errc::bad_signature:
    case Errc::untrusted_key:
        return Verdict::halt; // trying again would give the same, and skipping would lie
    }
    return Verdict::halt;
}

} // namespace

Pace Pacing::after(const Error& failure)
{
    Pace pace{verdict_of(failure.code), std::chrono::milliseconds{0}};
    if (pace.verdict == Verdict::retry) {
        pace.wait = backoff_.next();
    }
    return pace;
}

} // namespace sealstream
