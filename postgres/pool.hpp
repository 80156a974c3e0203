#pragma once

// Connections, lent to one blocking job at a time.
//
// Executor  Any thread; lending blocks, so it happens on the BlockingPool: with_connection().
// Bound     At most connections_max are open; who finds none free waits up to lend_timeout, then
//           gets `overloaded`. A connection that comes back broken, or inside a transaction, is
//           closed.

#include "core/async/blocking_pool.hpp"
#include "postgres/connection.hpp"

#include <condition_variable>
#include <mutex>

namespace sealstream {

class Pool {
public:
    // A connection on loan; comes back by destruction.
    class Lease {
    public:
        Lease(Pool& pool, std::unique_ptr<Connection> connection)
            : pool_{&pool},
              connection_{std::move(connection)}
        {
        }
        ~Lease();
        Lease(Lease&&) noexcept = default;
        Lease& operator=(Lease&&) = delete;

        // It will be closed instead of reused, and what its session holds (locks, settings) ends.
        void close_at_return() noexcept { is_single_use_ = true; }

        [[nodiscard]] Connection& operator*() const noexcept { return *connection_; }
        [[nodiscard]] Connection* operator->() const noexcept { return connection_.get(); }

    private:
        Pool* pool_;
        std::unique_ptr<Connection> connection_;
        bool is_single_use_{false};
    };

    explicit Pool(PostgresOptions options);
    ~Pool(); // nothing may be on loan
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    //   overloaded    none became free in time
    //   unavailable   a new one could not be opened
    [[nodiscard]] Result<Lease> lend();

    [[nodiscard]] const PostgresOptions& options() const noexcept { return options_; }

    struct Counts {
        std::size_t lent{0};
        std::size_t idle{0};
    };
    [[nodiscard]] Counts counts() const;

private:
    void take_back(std::unique_ptr<Connection> connection) noexcept; // null: it was closed

    const PostgresOptions options_;
    mutable std::mutex mutex_; // guards the next two
    std::condition_variable returned_;
    std::vector<std::unique_ptr<Connection>> idle_;
    std::size_t lent_{0};
};

// Runs `work(Connection&) -> Result<T>` on the blocking pool with a connection of `pool`, and
// resumes at home. Trying again after `unavailable` is the caller's decision: work may have had
// effects.
template <class Work>
[[nodiscard]] Task<std::invoke_result_t<Work&, Connection&>> with_connection(BlockingPool& threads,
                                                                             Pool& pool, Work work)
{
    using Outcome = std::invoke_result_t<Work&, Connection&>;
    auto job = [&pool, work = std::move(work)]() mutable -> Outcome {
        auto lease = pool.lend();
        if (!lease) {
            return lease.error();
        }
        return work(**lease);
    };
    auto outcome = co_await threads.run(std::move(job));
    co_return outcome;
}

} // namespace sealstream
