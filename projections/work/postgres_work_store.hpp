#pragma once

// WorkStore, over the table sealstream.pack_work and an advisory lock, which ends with its owner's
// session. That session runs no SQL of packs, which could give the lock away.

#include "core/ports/work_store.hpp"
#include "postgres/pool.hpp"

namespace sealstream {

class PostgresWorkStore final : public WorkStore {
public:
    PostgresWorkStore(std::string ledger, Pool& pool, BlockingPool& threads)
        : ledger_{std::move(ledger)},
          pool_{pool},
          threads_{threads}
    {
    }

    [[nodiscard]] boost::asio::awaitable<Result<bool>> try_own() override;
    [[nodiscard]] boost::asio::awaitable<Result<void>> still_owns() override;
    void give_up() noexcept override { owner_.reset(); }
    [[nodiscard]] boost::asio::awaitable<Result<void>>
    declare(std::vector<DeclaredWork> all) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<NamedMemory>>> read() override;
    [[nodiscard]] boost::asio::awaitable<Result<void>> record(WorkRun run) override;

private:
    const std::string ledger_;
    Pool& pool_;
    BlockingPool& threads_;
    std::optional<Pool::Lease> owner_; // the session that asks for the lock, or has it
};

} // namespace sealstream
