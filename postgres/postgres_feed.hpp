#pragma once

// A feed of PostgresEventLog: reads by position, and sleeps at the end of the log until it is
// woken.

#include "postgres/log_context.hpp"

namespace sealstream {

class PostgresFeed : public Feed {
public:
    PostgresFeed(std::shared_ptr<LogContext> context, Position after, LogFilter filter)
        : shared_{std::move(context)},
          filter_{std::move(filter)},
          after_{after}
    {
    }

    [[nodiscard]] boost::asio::awaitable<Result<FeedBatch>>
    next(std::size_t events_max, std::chrono::milliseconds wait) override;
    void close() noexcept override;

private:
    [[nodiscard]] Task<Result<FeedBatch>> read(std::size_t events_max);

    std::shared_ptr<LogContext> shared_;
    LogContext& context_{*shared_};
    LogFilter filter_;
    Position after_; // everything that matches was delivered up to here
    bool is_closed_{false};
};

} // namespace sealstream
