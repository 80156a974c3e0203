#pragma once

// The wish to stop, one object a process. Sleeping through it ends early.

#include "core/async/notifier.hpp"

namespace sealstream {

class Stop {
public:
    explicit Stop(boost::asio::any_io_executor executor) : notifier_{std::move(executor)} {}

    [[nodiscard]] bool requested() const noexcept { return requested_; }

    void request() noexcept
    {
        requested_ = true;
        notifier_.notify_all();
    }

    // Returns early, or at once, when a stop is requested.
    [[nodiscard]] Task<void> sleep_for(std::chrono::nanoseconds time)
    {
        if (!requested_ && time.count() > 0) {
            co_await notifier_.wait_for(time);
        }
    }

    [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept
    {
        return notifier_.executor();
    }

private:
    Notifier notifier_;
    bool requested_{false};
};

} // namespace sealstream
