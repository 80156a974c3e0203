#pragma once

// The one way to block: `co_await pool.run(work)` runs a plain callable on a pool thread and
// resumes at home. The number of jobs that wait or run is bounded; beyond it the answer is
// `overloaded` and nothing ran.

#include "core/async/awaitable.hpp"
#include "core/base/result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>

namespace sealstream {

struct BlockingPoolOptions {
    std::size_t threads{4};
    std::size_t jobs_max{1024}; // waiting and running
};

class BlockingPool {
public:
    explicit BlockingPool(BlockingPoolOptions options)
        : options_{options},
          threads_{options.threads}
    {
    }

    // `work` returns a Result<T> and is called once. It must not touch anything that lives at home.
    template <class Work>
    [[nodiscard]] Task<std::invoke_result_t<Work&>> run(Work work)
    {
        using Outcome = std::invoke_result_t<Work&>;
        if (jobs_.load(std::memory_order_relaxed) >= options_.jobs_max) {
            co_return Outcome{Error{Errc::overloaded, "the blocking pool is full"}};
        }
        jobs_.fetch_add(1, std::memory_order_relaxed);
        auto outcome = co_await start(std::move(work));
        jobs_.fetch_sub(1, std::memory_order_relaxed);
        co_return outcome;
    }

    [[nodiscard]] std::size_t jobs() const noexcept
    {
        return jobs_.load(std::memory_order_relaxed);
    }
    void join() { threads_.join(); }

private:
    template <class Work>
    auto start(Work work)
    {
        using Outcome = std::invoke_result_t<Work&>;
        auto initiate = [](auto handler, boost::asio::thread_pool* threads, Work job) {
            auto home = boost::asio::get_associated_executor(handler);
            auto guard = boost::asio::make_work_guard(home);
            boost::asio::post(*threads, [job = std::move(job), handler = std::move(handler),
                                         guard = std::move(guard)]() mutable {
                auto resume = [handler = std::move(handler), outcome = job()]() mutable {
                    std::move(handler)(std::move(outcome));
                };
                boost::asio::post(guard.get_executor(), std::move(resume));
            });
        };
        return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Outcome)>(
            std::move(initiate), boost::asio::use_awaitable, &threads_, std::move(work));
    }

    BlockingPoolOptions options_;
    std::atomic<std::size_t> jobs_{0};
    boost::asio::thread_pool threads_;
};

} // namespace sealstream
