#pragma once

// A feed of PostgresEventLog: reads by position, and sleeps at the end of the log until it is
// woken.

#include "postgres/log_context.hpp"

namespace sealstream {

class PostgresFeed : public Feed {
public:
    PostgresFeed(std::shared_ptr<LogContext> context, Position after)
        : shared_{std::move(context)},
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
    Position after_; // the last position that was delivered
    bool is_closed_{false};
};

} // namespace sealstream
