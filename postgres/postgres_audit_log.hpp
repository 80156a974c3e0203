#pragma once

// The audit stream on Postgres (core/ports/audit_log.hpp has the contract). The primary key fences:
// of two writers that follow the same entry one fails with `conflict`. The schema must be there:
// migrate().

#include "core/ports/audit_log.hpp"
#include "postgres/pool.hpp"

namespace sealstream {

class PostgresAuditLog : public AuditLog {
public:
    PostgresAuditLog(std::string ledger, Pool& pool, BlockingPool& threads)
        : ledger_{std::move(ledger)},
          pool_{pool},
          threads_{threads}
    {
    }

    [[nodiscard]] boost::asio::awaitable<Result<std::uint64_t>>
    append(std::uint64_t last, std::vector<Bytes> entries) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<AuditEntry>>>
    read_from(std::uint64_t after, std::size_t entries_max) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::uint64_t>> last() override;

private:
    const std::string ledger_;
    Pool& pool_;
    BlockingPool& threads_;
};

} // namespace sealstream
