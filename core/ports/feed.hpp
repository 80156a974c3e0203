#pragma once

// A live or catching-up subscription to a log. One reader at a time.

#include "core/event/event.hpp"

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <vector>

namespace sealstream {

// Which records, decided by the log itself: what does not match is never sent. Empty: all of them.
struct LogFilter {
    static constexpr std::size_t stream_types_max = 16; // each costs the server an index of its own
    std::vector<std::string> stream_types;              // any of these; at most stream_types_max

    //   malformed   it names more
    [[nodiscard]] Result<void> check() const
    {
        if (stream_types.size() > stream_types_max) {
            return Error{Errc::malformed, "a filter of the log names at most " +
                                              std::to_string(stream_types_max) + " stream types"};
        }
        return {};
    }
    [[nodiscard]] bool is_empty() const noexcept { return stream_types.empty(); }
    [[nodiscard]] bool matches(const StreamName& stream) const
    {
        return is_empty() || std::find(stream_types.begin(), stream_types.end(), stream.type) !=
                                 stream_types.end();
    }
};

struct FeedBatch {
    std::vector<StoredRecord>
        records; // ascending, directly after what came before; empty on a quiet wait
    // Nothing newer that matches was there when this was read; where readers may be behind
    // (EventLog::may_lag), only its head tells whether that is all.
    bool is_caught_up{false};
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

// What subscribes by a filter that no log takes gets this: it says why, whenever it is asked.
class RefusedFeed final : public Feed {
public:
    explicit RefusedFeed(Error why) : why_{std::move(why)} {}
    [[nodiscard]] boost::asio::awaitable<Result<FeedBatch>> next(std::size_t,
                                                                 std::chrono::milliseconds) override
    {
        co_return why_;
    }
    void close() noexcept override {}

private:
    const Error why_;
};

} // namespace sealstream
