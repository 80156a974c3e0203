#pragma once

// Lets only so many do something at once; the others wait in the order in which they came. For work
// of which each piece holds the thread for a while, beside work that must not wait for all of it.
// On one I/O thread: no lock.

#include "core/async/notifier.hpp"

#include <cstddef>
#include <deque>
#include <memory>

namespace sealstream {

class Turns {
    struct State;

public:
    // Somebody's turn, until this is gone. An empty one is no turn.
    class Turn {
    public:
        Turn() = default;
        explicit operator bool() const noexcept { return state_ != nullptr; }

    private:
        friend class Turns;
        struct GiveBack {
            std::shared_ptr<State> state; // outlives Turns for those that are taken
            void operator()(State* of) const noexcept;
        };
        explicit Turn(std::shared_ptr<State> state);
        std::unique_ptr<State, GiveBack> state_;
    };

    // `at_once` is at least 1.
    Turns(boost::asio::any_io_executor executor, std::size_t at_once);

    // Empty when no turn came within `longest`: the caller goes on without one, or gives up.
    [[nodiscard]] Task<Turn> take(std::chrono::nanoseconds longest);

    // From now on nobody waits: what waits is let go without a turn.
    void let_all_go() noexcept;

    [[nodiscard]] std::size_t taken() const noexcept;
    [[nodiscard]] std::size_t waiting() const noexcept;

private:
    struct Waiter;
    std::shared_ptr<State> state_;
};

} // namespace sealstream
