// Invariants
//   1. taken is at most at_once.
//   2. While somebody waits, and nobody was let go, taken is at_once.

#include "core/async/turns.hpp"

#include "core/base/check.hpp"

#include <algorithm>

namespace sealstream {

struct Turns::Waiter {
    explicit Waiter(boost::asio::any_io_executor executor) : called{std::move(executor)} {}
    Notifier called;
    Turn turn;
};

struct Turns::State {
    boost::asio::any_io_executor executor;
    std::size_t at_once;
    std::size_t taken{0};
    bool is_over{false};
    std::deque<std::shared_ptr<Waiter>> line{};
};

Turns::Turn::Turn(std::shared_ptr<State> state)
{
    ++state->taken;
    State* const raw = state.get();
    state_ = {raw, GiveBack{std::move(state)}};
}

void Turns::Turn::GiveBack::operator()(State* of) const noexcept
{
    --of->taken;
    if (of->line.empty()) {
        return;
    }
    const auto next = std::move(of->line.front());
    of->line.pop_front();
    next->turn = Turn{state};
    next->called.notify_all();
}

Turns::Turns(boost::asio::any_io_executor executor, std::size_t at_once)
    : state_{std::make_shared<State>(State{std::move(executor), at_once})}
{
    SEAL_CHECK(at_once > 0, "somebody may go");
}

Task<Turns::Turn> Turns::take(std::chrono::nanoseconds longest)
{
    const auto state = state_;
    if (state->is_over) {
        co_return Turn{};
    }
    if (state->taken < state->at_once) {
        co_return Turn{state};
    }
    const auto waiter = std::make_shared<Waiter>(state->executor);
    state->line.push_back(waiter);
    co_await waiter->called.wait_for(longest);
    std::erase(state->line, waiter);
    co_return std::move(waiter->turn);
}

void Turns::let_all_go() noexcept
{
    state_->is_over = true;
    for (const auto& waiter : state_->line) {
        waiter->called.notify_all();
    }
    state_->line.clear();
}

std::size_t Turns::taken() const noexcept
{
    return state_->taken;
}

std::size_t Turns::waiting() const noexcept
{
    return state_->line.size();
}

} // namespace sealstream
