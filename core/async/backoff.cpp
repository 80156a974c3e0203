#include "core/async/backoff.hpp"

#include <algorithm>

namespace sealstream {

std::chrono::milliseconds Backoff::next()
{
    const unsigned doublings = std::min(tries_++, 20U);
    const auto whole =
        std::min<std::int64_t>(options_.first.count() << doublings, options_.longest.count());
    state_ ^= state_ << 13; // xorshift64: jitter needs no better
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    const auto half = whole / 2;
    const auto jitter = static_cast<std::int64_t>(state_ % static_cast<std::uint64_t>(half + 1));
    return std::chrono::milliseconds{half + jitter};
}

} // namespace sealstream
