#pragma once

// Where the log ends, for all subscribers of a node: the leader is asked, because whoever reads may
// be served by a replica that is behind. Questions that come together share an answer, and no
// answer is older than its question. Runs on the I/O thread.

#include "core/async/awaitable.hpp"
#include "core/async/notifier.hpp"
#include "core/ports/event_log.hpp"

namespace sealstream {

class HeadWatch {
public:
    HeadWatch(boost::asio::any_io_executor executor, EventLog& log)
        : log_{log},
          answered_{std::move(executor)}
    {
    }

    // The last position at a moment after the call.
    //   as EventLog::head()
    [[nodiscard]] Task<Result<Position>> ask();

    [[nodiscard]] std::uint64_t asked() const noexcept { return begun_; } // of the log, times

private:
    EventLog& log_;
    Notifier answered_;
    Result<Position> latest_{Position{}};
    std::uint64_t begun_{0};
    std::uint64_t answers_{0}; // number of the question that latest_ answers
    bool is_asking_{false};
};

} // namespace sealstream
