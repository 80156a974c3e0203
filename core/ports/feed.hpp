#pragma once

// A live or catching-up subscription to a log. One reader at a time.

#include "core/event/event.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <vector>

namespace sealstream {

struct FeedBatch {
    std::vector<StoredRecord>
        records;              // ascending, directly after what came before; empty on a quiet wait
    bool is_caught_up{false}; // nothing newer was in the log when this was read
};

class Feed {
public:
    virtual ~Feed() = default;

    // The next records, at most `events_max`; waits up to `wait` for the first one. Reconnects by
    // itself.
    //
    //   corrupt        the log has a hole, or has gone back behind what this feed has delivered
    //   unavailable    the server is away for longer than the adapter's patience: call again to go
    //   on shutting_down  close() was called
    [[nodiscard]] virtual boost::asio::awaitable<Result<FeedBatch>>
    next(std::size_t events_max, std::chrono::milliseconds wait) = 0;

    virtual void close() noexcept = 0;

protected:
    Feed() = default;
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;
};

} // namespace sealstream
