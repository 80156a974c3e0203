#pragma once

// A log whose readers are shown only what a replica has by now; its leader knows all.

#include "core/async/notifier.hpp"
#include "tests/support/memory_event_log.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sealstream::testing {

class LaggingLog final : public EventLog {
public:
    LaggingLog(boost::asio::any_io_executor executor, MemoryEventLog& log)
        : log_{log},
          moved_{std::move(executor)}
    {
    }

    // What the replica has from now on.
    void show(Position last)
    {
        shown_ = last;
        moved_.notify_all();
    }

    [[nodiscard]] bool may_lag() const override { return true; }
    [[nodiscard]] Task<Result<Position>> newest(LogFilter filter) override
    {
        SEAL_CO_TRY(last, co_await head());
        const Position start{};
        const ReadLimits all{static_cast<std::size_t>(last.value) + 1, std::size_t{1} << 30};
        SEAL_CO_TRY(records, co_await log_.read_from(start, all, std::move(filter)));
        co_return records.empty() ? Position{} : records.back().position;
    }
    [[nodiscard]] Task<Result<Position>> head() override
    {
        ++asked;
        co_await boost::asio::post(moved_.executor(),
                                   boost::asio::use_awaitable); // as a server would
        if (is_leaderless) {
            co_return Error{Errc::unavailable, "no leader"};
        }
        co_return co_await log_.head();
    }
    [[nodiscard]] Task<Result<std::vector<StoredRecord>>>
    read_from(Position after, ReadLimits limits, LogFilter filter) override
    {
        reading_most = std::max(reading_most, ++reading);
        co_await boost::asio::post(moved_.executor(), boost::asio::use_awaitable);
        auto records = co_await log_.read_from(after, limits, std::move(filter));
        --reading;
        if (records) {
            std::erase_if(*records, [this](const auto& one) { return one.position > shown_; });
        }
        co_return records;
    }
    using EventLog::read_from;
    [[nodiscard]] std::unique_ptr<Feed> subscribe_from(Position after, LogFilter filter) override
    {
        return std::make_unique<LaggingFeed>(*this, after, std::move(filter));
    }
    using EventLog::subscribe_from;

    [[nodiscard]] Task<Result<Appended>> append(AppendRequest request) override
    {
        return log_.append(std::move(request));
    }
    [[nodiscard]] Task<Result<std::vector<StoredRecord>>>
    read_stream(StreamName stream, Version after, ReadLimits limits) override
    {
        return log_.read_stream(std::move(stream), after, limits);
    }
    [[nodiscard]] Task<Result<StreamHead>> stream_head(StreamName stream) override
    {
        return log_.stream_head(std::move(stream));
    }
    [[nodiscard]] std::string incarnation() const override { return log_.incarnation(); }
    [[nodiscard]] Durability durability() const override { return log_.durability(); }
    void close() noexcept override { log_.close(); }

    bool is_leaderless{false};
    std::size_t asked{0}; // for the head
    std::size_t reading{0};
    std::size_t reading_most{0}; // at once, feeds included

private:
    class LaggingFeed final : public Feed {
    public:
        LaggingFeed(LaggingLog& log, Position after, LogFilter filter)
            : log_{log},
              after_{after},
              filter_{std::move(filter)}
        {
        }
        [[nodiscard]] Task<Result<FeedBatch>> next(std::size_t events_max,
                                                   std::chrono::milliseconds wait) override
        {
            const auto deadline = std::chrono::steady_clock::now() + wait;
            for (;;) {
                if (is_closed_) {
                    co_return Error{Errc::shutting_down, {}};
                }
                const ReadLimits limits{events_max};
                auto filter = filter_;
                auto records = co_await log_.read_from(after_, limits, std::move(filter));
                if (!records) {
                    co_return records.error();
                }
                const auto left = deadline - std::chrono::steady_clock::now();
                if (!records->empty() || left.count() <= 0) {
                    FeedBatch batch;
                    after_ = records->empty() ? after_ : records->back().position;
                    batch.records = *std::move(records);
                    batch.is_caught_up = after_ >= log_.shown_; // as far as this replica knows
                    co_return batch;
                }
                co_await log_.moved_.wait_for(left);
            }
        }
        void close() noexcept override
        {
            is_closed_ = true;
            log_.moved_.notify_all();
        }

    private:
        LaggingLog& log_;
        Position after_;
        const LogFilter filter_;
        bool is_closed_{false};
    };

    MemoryEventLog& log_;
    Notifier moved_;
    Position shown_{};
};

} // namespace sealstream::testing
