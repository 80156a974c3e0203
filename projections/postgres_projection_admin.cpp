#include "projections/postgres_projection_admin.hpp"

#include "projections/admin_statements.hpp"
#include "projections/snapshots/snapshot_statements.hpp"
#include "projections/versions.hpp"

#include <algorithm>

namespace sealstream {

namespace {

// More than this behind, and it says so; below, it just works.
constexpr std::uint64_t behind_events = 5'000;

} // namespace

PostgresProjectionAdmin::PostgresProjectionAdmin(std::string ledger, EventLog& log, Pool& pool,
                                                 BlockingPool& threads, const Clock& clock)
    : ledger_{std::move(ledger)},
      log_{log},
      pool_{pool},
      threads_{threads},
      clock_{clock}
{
}

Task<Result<std::vector<ProjectionStatus>>> PostgresProjectionAdmin::list()
{
    SEAL_CO_TRY(head, co_await log_.head());
    auto job = [this](Connection& connection) { return read_statuses(connection, ledger_); };
    SEAL_CO_TRY(all, co_await with_connection(threads_, pool_, std::move(job)));
    for (ProjectionStatus& status : all) {
        status.head = std::max(head, status.cursor);
        status.lag_events = status.head.value - status.cursor.value;
        if (status.lag_events == 0) {
            continue;
        }
        const ReadLimits one{1, 1};
        SEAL_CO_TRY(next, co_await log_.read_from(status.cursor, one));
        if (!next.empty()) {
            const auto age = clock_.wall().nanoseconds - next.front().ingested.nanoseconds;
            status.lag_seconds = static_cast<double>(std::max<std::int64_t>(0, age)) / 1e9;
        }
        if (status.reason.code == "none" && status.lag_events > behind_events) {
            status.reason = {"catching_up", "it folds as fast as it can"};
        }
    }
    co_return all;
}

Task<Result<ProjectionStatus>> PostgresProjectionAdmin::get(std::string projection)
{
    SEAL_CO_TRY(all, co_await list());
    for (ProjectionStatus& status : all) {
        if (status.name == projection) {
            co_return std::move(status);
        }
    }
    co_return Error{Errc::not_found, "projection " + projection};
}

Task<Result<std::vector<ParkedFold>>> PostgresProjectionAdmin::parked(std::string projection)
{
    auto job = [this, projection = std::move(projection)](Connection& connection) {
        return read_parked(connection, ledger_, projection);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<std::vector<ForeignWrite>>>
PostgresProjectionAdmin::foreign_writes(std::string projection)
{
    auto job = [this, projection = std::move(projection)](Connection& connection) {
        return read_foreign_writes(connection, ledger_, projection);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<void>> PostgresProjectionAdmin::pause(std::string projection)
{
    auto job = [this, projection = std::move(projection)](Connection& connection) {
        return set_paused(connection, ledger_, projection, true);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<void>> PostgresProjectionAdmin::resume(std::string projection)
{
    auto job = [this, projection = std::move(projection)](Connection& connection) {
        return set_paused(connection, ledger_, projection, false);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<std::size_t>> PostgresProjectionAdmin::retry(std::string projection,
                                                         std::optional<StreamName> stream)
{
    auto job = [this, projection = std::move(projection),
                stream = std::move(stream)](Connection& connection) {
        return ask_retry(connection, ledger_, projection, stream);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<void>> PostgresProjectionAdmin::rebuild(std::string projection, RebuildWish wish)
{
    auto job = [this, projection = std::move(projection), wish](Connection& connection) {
        return ask_rebuild(connection, ledger_, projection, wish);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<void>> PostgresProjectionAdmin::order(std::string projection, RebuildOrder order)
{
    auto job = [this, projection = std::move(projection), order](Connection& connection) {
        return order_rebuild(connection, ledger_, projection, order);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<Snapshots>> PostgresProjectionAdmin::snapshots(std::string projection)
{
    auto job = [this, projection = std::move(projection)](Connection& connection) {
        return read_snapshots(connection, ledger_, projection);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<void>> PostgresProjectionAdmin::take_snapshot(std::string projection)
{
    auto job = [this, projection = std::move(projection)](Connection& connection) {
        return ask_snapshot(connection, ledger_, projection);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<void>> PostgresProjectionAdmin::roll_back(std::string projection)
{
    auto job = [this, projection = std::move(projection)](Connection& connection) {
        return roll_back_version(connection, ledger_, projection);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

} // namespace sealstream
