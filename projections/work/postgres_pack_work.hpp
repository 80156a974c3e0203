#pragma once

// PackWork, over the table sealstream.pack_work.

#include "core/ports/pack_work.hpp"
#include "postgres/pool.hpp"

namespace sealstream {

class PostgresPackWork final : public PackWork {
public:
    PostgresPackWork(std::string ledger, Pool& pool, BlockingPool& threads)
        : ledger_{std::move(ledger)},
          pool_{pool},
          threads_{threads}
    {
    }

    [[nodiscard]] boost::asio::awaitable<Result<std::vector<WorkStatus>>>
    list(WorkKind kind) override;
    [[nodiscard]] boost::asio::awaitable<Result<WorkStatus>> get(WorkKind kind,
                                                                 std::string name) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::uint64_t>> run(WorkKind kind,
                                                                    std::string name) override;

private:
    const std::string ledger_;
    Pool& pool_;
    BlockingPool& threads_;
};

} // namespace sealstream
