#include "projections/work/postgres_pack_work.hpp"

#include "projections/work/work_store.hpp"

namespace sealstream {

namespace {

Error not_declared(WorkKind kind, const std::string& wanted)
{
    return {Errc::not_found, "no pack declares the " + std::string{name(kind)} + " " + wanted};
}

} // namespace

Task<Result<std::vector<WorkStatus>>> PostgresPackWork::list(WorkKind kind)
{
    auto job = [&ledger = ledger_, kind](Connection& connection) {
        return read_work_statuses(connection, ledger, kind);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<WorkStatus>> PostgresPackWork::get(WorkKind kind, std::string name)
{
    SEAL_CO_TRY(all, co_await list(kind));
    for (WorkStatus& status : all) {
        if (status.declared.name == name) {
            co_return std::move(status);
        }
    }
    co_return not_declared(kind, name);
}

Task<Result<std::uint64_t>> PostgresPackWork::run(WorkKind kind, std::string name)
{
    auto job = [&ledger = ledger_, kind, &name](Connection& connection) {
        return ask_for_run(connection, ledger, kind, name);
    };
    SEAL_CO_TRY(asked, co_await with_connection(threads_, pool_, std::move(job)));
    if (!asked) {
        co_return not_declared(kind, name);
    }
    co_return *asked;
}

} // namespace sealstream
