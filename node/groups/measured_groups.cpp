#include "node/groups/measured_groups.hpp"

namespace sealstream {

Task<void> MeasuredGroups::watch()
{
    while (!stop_.requested()) {
        co_await read_all();
        co_await stop_.sleep_for(options_.interval);
    }
}

// What can not be read now keeps its old values, and the time of the reading tells it.
Task<void> MeasuredGroups::read_all()
{
    const auto names = co_await groups_.list();
    if (!names) {
        co_return;
    }
    metrics_.keep_only(*names, clock_.wall());
    const std::size_t shown = std::min(names->size(), options_.labels_max);
    for (std::size_t at = 0; at < shown && !stop_.requested(); ++at) {
        const auto status = co_await groups_.get((*names)[at]);
        if (status) {
            metrics_.show(*status);
        }
    }
}

Task<Result<bool>> MeasuredGroups::put(GroupDefinition definition)
{
    co_return co_await groups_.put(std::move(definition));
}

Task<Result<void>> MeasuredGroups::remove(std::string group)
{
    co_return co_await groups_.remove(std::move(group));
}

Task<Result<GroupStatus>> MeasuredGroups::get(std::string group)
{
    auto status = co_await groups_.get(std::move(group));
    if (status) {
        metrics_.show(*status);
    }
    co_return status;
}

Task<Result<std::vector<std::string>>> MeasuredGroups::list()
{
    co_return co_await groups_.list();
}

Task<Result<GroupClaim>> MeasuredGroups::claim(std::string group, std::size_t events_max,
                                               std::optional<std::chrono::milliseconds> lease)
{
    auto claim = co_await groups_.claim(group, events_max, lease);
    if (claim) {
        metrics_.claimed(group, claim->events.size());
    }
    co_return claim;
}

Task<Result<std::size_t>> MeasuredGroups::acknowledge(std::string group, GroupToken token,
                                                      std::optional<Position> through)
{
    auto events = co_await groups_.acknowledge(group, token, through);
    if (events) {
        metrics_.acknowledged(group, *events);
    }
    co_return events;
}

Task<Result<std::vector<StreamName>>> MeasuredGroups::give_back(std::string group, GroupToken token,
                                                                GroupReturn what)
{
    auto parked = co_await groups_.give_back(group, token, std::move(what));
    if (parked) {
        metrics_.given_back(group, parked->size());
    }
    co_return parked;
}

Task<Result<GroupTime>> MeasuredGroups::extend(std::string group, GroupToken token,
                                               std::optional<std::chrono::milliseconds> lease)
{
    co_return co_await groups_.extend(std::move(group), token, lease);
}

Task<Result<std::vector<ParkedStream>>> MeasuredGroups::parked(std::string group)
{
    co_return co_await groups_.parked(std::move(group));
}

Task<Result<void>> MeasuredGroups::unpark(std::string group, StreamName stream, bool is_skipped)
{
    co_return co_await groups_.unpark(std::move(group), std::move(stream), is_skipped);
}

} // namespace sealstream
