#include "projections/work/postgres_work_store.hpp"

#include "projections/work/work_store.hpp"

namespace sealstream {

Task<Result<bool>> PostgresWorkStore::try_own()
{
    if (!owner_) {
        auto lend = [&pool = pool_] { return pool.lend(); };
        SEAL_CO_TRY(lease, co_await threads_.run(std::move(lend)));
        lease.close_at_return();
        owner_.emplace(std::move(lease));
    }
    auto job = [&connection = **owner_, &ledger = ledger_] {
        return try_own_work(connection, ledger);
    };
    co_return co_await threads_.run(std::move(job));
}

Task<Result<void>> PostgresWorkStore::still_owns()
{
    if (!owner_) {
        co_return Error{Errc::unavailable, "nobody has asked for the lock"};
    }
    auto job = [&connection = **owner_]() -> Result<void> {
        SEAL_TRY(answered, connection.run("SELECT 1")); // the lock lives as long as the session
        return {};
    };
    co_return co_await threads_.run(std::move(job));
}

Task<Result<void>> PostgresWorkStore::declare(std::vector<DeclaredWork> all)
{
    auto job = [&ledger = ledger_, all = std::move(all)](Connection& connection) {
        return declare_work(connection, ledger, all);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<std::vector<NamedMemory>>> PostgresWorkStore::read()
{
    auto job = [&ledger = ledger_](Connection& connection) {
        return read_work(connection, ledger);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<void>> PostgresWorkStore::record(WorkRun run)
{
    auto job = [&ledger = ledger_, run = std::move(run)](Connection& connection) {
        return record_run(connection, ledger, run);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

} // namespace sealstream
