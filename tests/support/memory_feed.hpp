#pragma once

// A subscription to a MemoryEventLog; may outlive it.

#include "tests/support/memory_log_state.hpp"

namespace sealstream::testing {

class MemoryFeed final : public Feed {
public:
    MemoryFeed(std::shared_ptr<MemoryEventLog::State> state, Position after, LogFilter filter)
        : state_{std::move(state)},
          filter_{std::move(filter)},
          cursor_{after}
    {
    }

    [[nodiscard]] Task<Result<FeedBatch>> next(std::size_t events_max,
                                               std::chrono::milliseconds wait) override;
    void close() noexcept override;

private:
    std::shared_ptr<MemoryEventLog::State> state_;
    LogFilter filter_;
    Position cursor_; // the last position that was delivered
    bool is_closed_{false};
};

} // namespace sealstream::testing
