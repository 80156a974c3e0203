#pragma once

// The forensic log on Postgres (core/ports/rejection_log.hpp has the contract). What is older than
// `keep` is deleted a piece at a time, along with recording and looking. The schema must be there:
// migrate().

#include "core/ports/rejection_log.hpp"
#include "postgres/pool.hpp"

#include <chrono>

namespace sealstream {

struct RejectionLogOptions {
    std::string ledger{"main"};
    std::chrono::hours keep{24 * 90};
    std::size_t prune_rows_max{10'000}; // deleted at once
    std::chrono::minutes prune_interval{10};
    std::size_t statement_rows_max{500}; // recorded by one statement
};

class PostgresRejectionLog final : public RejectionLog {
public:
    PostgresRejectionLog(RejectionLogOptions options, Pool& pool, BlockingPool& threads)
        : options_{std::move(options)},
          pool_{pool},
          threads_{threads}
    {
    }

    [[nodiscard]] boost::asio::awaitable<Result<void>>
    record(std::vector<RejectedEvent> events) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<RejectedEvent>>>
    query(RejectionQuery query) override;

private:
    [[nodiscard]] bool is_time_to_prune();

    const RejectionLogOptions options_;
    Pool& pool_;
    BlockingPool& threads_;
    std::chrono::steady_clock::time_point pruned_{}; // long ago
};

} // namespace sealstream
