#pragma once

// A feed of PostgresEventLog: reads by position, and sleeps at the end of the log until it is
// woken.

#include "postgres/log_context.hpp"

namespace sealstream {

class PostgresFeed : public Feed {
public:
    PostgresFeed(LogContext& context, Position after) : context_{context}, after_{after} {}

    [[nodiscard]] boost::asio::awaitable<Result<FeedBatch>>
    next(std::size_t events_max, std::chrono::milliseconds wait) override;
    void close() noexcept override;

private:
    [[nodiscard]] Task<Result<FeedBatch>> read(std::size_t events_max);

    LogContext& context_;
    Position after_; // the last position that was delivered
    bool is_closed_{false};
};

} // namespace sealstream
