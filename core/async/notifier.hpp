#pragma once

// Wakes coroutines that wait for a condition. On one I/O thread: no lock, no lost wake-up as long
// as nothing is awaited between looking at the condition and calling wait_for().

#include "core/async/awaitable.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <list>

namespace sealstream {

class Notifier {
public:
    explicit Notifier(boost::asio::any_io_executor executor) : executor_{std::move(executor)} {}
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;

    // Ends at the next notify_all(), or after `longest`.
    [[nodiscard]] Task<void> wait_for(std::chrono::nanoseconds longest);

    void notify_all() noexcept;
    [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept
    {
        return executor_;
    }

private:
    boost::asio::any_io_executor executor_;
    std::list<boost::asio::steady_timer*> waiting_;
};

} // namespace sealstream
