#pragma once

// ConsumerGroups that counts what goes through it, and reads the lag of all groups every
// `interval`, so that a scrape of the metrics asks no database.

#include "core/async/stop.hpp"
#include "node/groups/group_metrics.hpp"

namespace sealstream {

struct MeasuredGroupsOptions {
    std::size_t labels_max{100}; // groups with a label of their own
    std::chrono::seconds interval{15};
};

class MeasuredGroups final : public ConsumerGroups {
public:
    // The others outlive it, and it outlives watch().
    MeasuredGroups(ConsumerGroups& groups, prometheus::Registry& registry, const Clock& clock,
                   Stop& stop, MeasuredGroupsOptions options)
        : groups_{groups},
          metrics_{registry, options.labels_max},
          clock_{clock},
          stop_{stop},
          options_{options}
    {
    }

    [[nodiscard]] Task<void> watch(); // until the stop
    [[nodiscard]] Task<void> read_all();

    [[nodiscard]] Task<Result<bool>> put(GroupDefinition definition) override;
    [[nodiscard]] Task<Result<void>> remove(std::string group) override;
    [[nodiscard]] Task<Result<GroupStatus>> get(std::string group) override;
    [[nodiscard]] Task<Result<std::vector<std::string>>> list() override;
    [[nodiscard]] Task<Result<GroupClaim>>
    claim(std::string group, std::size_t events_max,
          std::optional<std::chrono::milliseconds> lease) override;
    [[nodiscard]] Task<Result<std::size_t>> acknowledge(std::string group, GroupToken token,
                                                        std::optional<Position> through) override;
    [[nodiscard]] Task<Result<std::vector<StreamName>>>
    give_back(std::string group, GroupToken token, GroupReturn what) override;
    [[nodiscard]] Task<Result<GroupTime>>
    extend(std::string group, GroupToken token,
           std::optional<std::chrono::milliseconds> lease) override;
    [[nodiscard]] Task<Result<std::vector<ParkedStream>>> parked(std::string group) override;
    [[nodiscard]] Task<Result<void>> unpark(std::string group, StreamName stream,
                                            bool is_skipped) override;

private:
    ConsumerGroups& groups_;
    GroupMetrics metrics_;
    const Clock& clock_;
    Stop& stop_;
    const MeasuredGroupsOptions options_;
};

} // namespace sealstream
