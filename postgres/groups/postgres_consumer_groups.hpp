#pragma once

// ConsumerGroups on Postgres: the log may be anywhere. Each call is one small transaction under the
// lock of its group's row; time is the database's, so nodes with different clocks agree about
// leases.

#include "core/async/blocking_pool.hpp"
#include "core/ports/consumer_groups.hpp"
#include "core/ports/event_log.hpp"
#include "postgres/options.hpp"
#include "postgres/pool.hpp"

namespace sealstream {

struct GroupKey;

struct GroupsOptions {
    std::string ledger{"main"};
    GroupBounds bounds{};
    std::size_t page_events_max{1'000};     // read from the log at once
    std::size_t pages_max{20};              // looked at for one claim, when few events match
    std::size_t expired_streams_max{1'000}; // dealt with in one claim
    std::size_t parked_streams_max{1'000};  // shown
};

class PostgresConsumerGroups final : public ConsumerGroups {
public:
    PostgresConsumerGroups(GroupsOptions options, EventLog& log, Pool& pool, BlockingPool& threads)
        : options_{std::move(options)},
          log_{log},
          pool_{pool},
          threads_{threads}
    {
    }

    [[nodiscard]] boost::asio::awaitable<Result<bool>> put(GroupDefinition definition) override;
    [[nodiscard]] boost::asio::awaitable<Result<void>> remove(std::string group) override;
    [[nodiscard]] boost::asio::awaitable<Result<GroupStatus>> get(std::string group) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<std::string>>> list() override;
    [[nodiscard]] boost::asio::awaitable<Result<GroupClaim>>
    claim(std::string group, std::size_t events_max,
          std::optional<std::chrono::milliseconds> lease) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::size_t>>
    acknowledge(std::string group, GroupToken token, std::optional<Position> through) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<StreamName>>>
    give_back(std::string group, GroupToken token, GroupReturn what) override;
    [[nodiscard]] boost::asio::awaitable<Result<GroupTime>>
    extend(std::string group, GroupToken token,
           std::optional<std::chrono::milliseconds> lease) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<ParkedStream>>>
    parked(std::string group) override;
    [[nodiscard]] boost::asio::awaitable<Result<void>> unpark(std::string group, StreamName stream,
                                                              bool is_skipped) override;

private:
    // True: there are new events to claim.
    [[nodiscard]] boost::asio::awaitable<Result<bool>> look_further(std::string group);
    [[nodiscard]] boost::asio::awaitable<Result<void>> shorten_claim(GroupKey key, GroupToken token,
                                                                     Position through);
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<StoredEvent>>>
    read_events(std::vector<Position> positions);

    const GroupsOptions options_;
    EventLog& log_;
    Pool& pool_;
    BlockingPool& threads_;
};

} // namespace sealstream
