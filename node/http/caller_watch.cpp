#include "node/http/caller_watch.hpp"

#include "core/base/check.hpp"

#include <algorithm>

namespace sealstream::http {

using std::chrono::milliseconds;

CallerWatch::CallerWatch(const Services& services, security::CallerPtr caller)
    : services_{services},
      caller_{std::move(caller)}
{
    SEAL_CHECK(caller_ != nullptr, "an answer that lasts was asked for by somebody");
}

std::optional<security::Lapse> CallerWatch::lapse() const
{
    const auto now = services_.clock.wall().nanoseconds / 1'000'000'000;
    return services_.gate->lapse_of(*caller_, now);
}

milliseconds CallerWatch::at_most(milliseconds wait) const
{
    const auto expiry = security::Gate::expiry_of(*caller_);
    constexpr std::int64_t far_away = std::int64_t{1} << 40; // seconds
    if (expiry > far_away) {
        return wait;
    }
    const auto left = expiry * 1'000 - services_.clock.wall().nanoseconds / 1'000'000;
    return std::clamp(milliseconds{left}, milliseconds{1}, wait);
}

} // namespace sealstream::http
