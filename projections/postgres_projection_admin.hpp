#pragma once

// ProjectionAdmin, over the tables of the schema sealstream. Orders are rows that the projector
// reads.

#include "core/ports/event_log.hpp"
#include "core/ports/projection_admin.hpp"
#include "postgres/pool.hpp"

namespace sealstream {

class PostgresProjectionAdmin final : public ProjectionAdmin {
public:
    PostgresProjectionAdmin(std::string ledger, EventLog& log, Pool& pool, BlockingPool& threads,
                            const Clock& clock);

    [[nodiscard]] boost::asio::awaitable<Result<std::vector<ProjectionStatus>>> list() override;
    [[nodiscard]] boost::asio::awaitable<Result<ProjectionStatus>>
    get(std::string projection) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<ParkedFold>>>
    parked(std::string projection) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<ForeignWrite>>>
    foreign_writes(std::string projection) override;
    [[nodiscard]] boost::asio::awaitable<Result<void>> pause(std::string projection) override;
    [[nodiscard]] boost::asio::awaitable<Result<void>> resume(std::string projection) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::size_t>>
    retry(std::string projection, std::optional<StreamName> stream) override;
    [[nodiscard]] boost::asio::awaitable<Result<void>> rebuild(std::string projection,
                                                               RebuildWish wish) override;
    [[nodiscard]] boost::asio::awaitable<Result<void>> order(std::string projection,
                                                             RebuildOrder order) override;
    [[nodiscard]] boost::asio::awaitable<Result<Snapshots>>
    snapshots(std::string projection) override;
    [[nodiscard]] boost::asio::awaitable<Result<void>>
    take_snapshot(std::string projection) override;
    [[nodiscard]] boost::asio::awaitable<Result<void>> roll_back(std::string projection) override;

private:
    const std::string ledger_;
    EventLog& log_;
    Pool& pool_;
    BlockingPool& threads_;
    const Clock& clock_;
};

} // namespace sealstream
