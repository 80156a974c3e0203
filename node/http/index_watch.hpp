#pragma once

// How far a read model is (the event index, or the tables of a pack), for all reads of a node.
// However many wait, one question at a time is asked of the database, and while a position is
// waited for at most one every few milliseconds. An answer is never older than the question: a read
// is served only by a query that began after it came, because a database that has crashed may come
// back with less than it had. Runs on the I/O thread.

#include "core/async/stop.hpp"
#include "core/async/task_group.hpp"
#include "core/ports/read_model.hpp"

namespace sealstream::http {

class IndexWatch {
public:
    IndexWatch(ReadModel& index, TaskGroup& tasks, Stop& stop);

    // Where the index is: at `wanted` or above, or below it when `wait` is over or the node stops.
    //   unavailable   the index does not answer
    [[nodiscard]] Task<Result<Position>> reach(Position wanted, std::chrono::milliseconds wait);

    [[nodiscard]] std::uint64_t asked() const noexcept { return asked_; } // times

private:
    [[nodiscard]] Task<void> ask_for_waiting();

    ReadModel& index_;
    TaskGroup& tasks_;
    Stop& stop_;
    Notifier answered_; // wakes reads
    Notifier wished_;   // wakes the task that asks
    Result<Position> latest_{Position{}};
    std::uint64_t asked_{0};   // questions that have begun
    std::uint64_t answers_{0}; // number of the question that latest_ answers
    std::uint64_t needed_{0};  // number of the newest question that a read waits for
    std::size_t waiting_{0};
    bool is_asking_{false};
};

} // namespace sealstream::http
