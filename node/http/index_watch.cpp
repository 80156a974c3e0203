#include "node/http/index_watch.hpp"

#include <algorithm>

namespace sealstream::http {

namespace {

constexpr std::chrono::milliseconds pause_min{5};  // between two questions for the same reads
constexpr std::chrono::milliseconds pause_max{50}; // when the index does not move
constexpr std::chrono::seconds index_wait{60};     // the notifier ends the wait

} // namespace

IndexWatch::IndexWatch(ReadModel& index, TaskGroup& tasks, Stop& stop)
    : index_{index},
      tasks_{tasks},
      stop_{stop},
      answered_{stop.executor()},
      wished_{stop.executor()}
{
}

Task<Result<Position>> IndexWatch::reach(Position wanted, std::chrono::milliseconds wait)
{
    using SteadyClock = std::chrono::steady_clock;
    const auto deadline = SteadyClock::now() + wait;
    const std::uint64_t fresh = asked_ + 1; // what is being asked now began before us
    needed_ = std::max(needed_, fresh);
    ++waiting_;
    if (is_asking_) {
        wished_.notify_all();
    } else {
        is_asking_ = true;
        tasks_.spawn("http.index_watch", ask_for_waiting());
    }
    while (answers_ < fresh) {
        co_await answered_.wait_for(index_wait);
    }
    for (;;) {
        const auto left = deadline - SteadyClock::now();
        if (!latest_ || *latest_ >= wanted || left.count() <= 0 || stop_.requested()) {
            break;
        }
        co_await answered_.wait_for(left);
    }
    --waiting_;
    co_return latest_;
}

Task<void> IndexWatch::ask_for_waiting()
{
    auto pause = pause_min;
    while (waiting_ != 0) {
        const std::uint64_t number = ++asked_;
        const Position before = latest_ ? *latest_ : Position{};
        latest_ = co_await index_.cursor();
        answers_ = number;
        answered_.notify_all();
        if (needed_ > number) {
            continue; // somebody came meanwhile
        }
        const bool has_moved = !latest_ || *latest_ != before;
        pause = has_moved ? pause_min : std::min(pause * 2, pause_max);
        co_await wished_.wait_for(pause);
    }
    is_asking_ = false;
}

} // namespace sealstream::http
