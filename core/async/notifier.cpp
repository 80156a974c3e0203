#include "core/async/notifier.hpp"

namespace sealstream {

Task<void> Notifier::wait_for(std::chrono::nanoseconds longest)
{
    boost::asio::steady_timer timer{executor_};
    timer.expires_after(longest);
    const auto place = waiting_.insert(waiting_.end(), &timer);
    co_await timer.async_wait(use_tuple);
    waiting_.erase(place);
}

void Notifier::notify_all() noexcept
{
    for (auto* timer : waiting_) {
        // Moving the expiry, not only cancelling it, also catches a wait that has not begun to
        // sleep.
        timer->expires_at(boost::asio::steady_timer::time_point::min());
    }
}

} // namespace sealstream
