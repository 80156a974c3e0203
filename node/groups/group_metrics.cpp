#include "node/groups/group_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <map>
#include <mutex>

namespace sealstream {

namespace {

using Counters = prometheus::Family<prometheus::Counter>;
using Gauges = prometheus::Family<prometheus::Gauge>;

constexpr const char* label = "group";
constexpr const char* others = "(other)"; // no group can have this name

Counters& counters(prometheus::Registry& registry, const char* name, const char* help)
{
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Gauges& gauges(prometheus::Registry& registry, const char* name, const char* help)
{
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

double number(std::uint64_t value)
{
    return static_cast<double>(value);
}

} // namespace

struct GroupMetrics::Series {
    enum Count : std::size_t { claims, claimed, acknowledged, returns, parkings, counts };
    enum Level : std::size_t { lag_events, lag_seconds, leased, parked, full, levels };
    struct Group {
        std::array<prometheus::Counter*, counts> counters{};
        std::array<prometheus::Gauge*, levels> gauges{}; // null until first shown
    };

    Series(prometheus::Registry& to, std::size_t most)
        : count_families{&counters(to, "sealstream_group_claims_total", "Claims with events."),
                         &counters(to, "sealstream_group_claimed_events_total",
                                   "Events handed out, each time that they were."),
                         &counters(to, "sealstream_group_acknowledged_events_total",
                                   "Events that consumers have acknowledged."),
                         &counters(to, "sealstream_group_returns_total",
                                   "Calls that gave events back (nack)."),
                         &counters(to, "sealstream_group_parkings_total",
                                   "Streams that such a call has parked.")},
          level_families{
              &gauges(to, "sealstream_group_lag_events",
                      "Events not settled yet, and all above the group's cursor."),
              &gauges(to, "sealstream_group_lag_seconds", "Age of the oldest of these."),
              &gauges(to, "sealstream_group_leased_streams", "Streams being handled."),
              &gauges(to, "sealstream_group_parked_streams", "Streams that wait for a person."),
              &gauges(to, "sealstream_group_full",
                      "1 while so many events wait that the group reads no further.")},
          known{gauges(to, "sealstream_groups", "Groups that there are.").Add({})},
          read_at{gauges(to, "sealstream_groups_read_timestamp_seconds",
                         "When the gauges of groups were last read; their age is time() minus "
                         "this.")
                      .Add({})},
          labels_max{most}
    {
    }

    Group& group(const std::string& name)
    {
        const bool is_known = groups.contains(name);
        const bool is_shown = is_known || groups.size() < labels_max;
        const auto [place, is_new] = groups.try_emplace(is_shown ? name : others);
        if (is_new) {
            for (std::size_t at = 0; at < counts; ++at) {
                place->second.counters[at] = &count_families[at]->Add({{label, place->first}});
            }
        }
        return place->second;
    }

    void remove(const Group& group)
    {
        for (std::size_t at = 0; at < counts; ++at) {
            count_families[at]->Remove(group.counters[at]);
        }
        for (std::size_t at = 0; at < levels; ++at) {
            if (group.gauges[at] != nullptr) {
                level_families[at]->Remove(group.gauges[at]);
            }
        }
    }

    std::mutex mutex;
    std::array<Counters*, counts> count_families;
    std::array<Gauges*, levels> level_families;
    prometheus::Gauge& known;
    prometheus::Gauge& read_at;
    const std::size_t labels_max;
    std::map<std::string, Group> groups; // and perhaps `others`
};

GroupMetrics::GroupMetrics(prometheus::Registry& registry, std::size_t labels_max)
    : series_{std::make_unique<Series>(registry, labels_max)}
{
}

GroupMetrics::~GroupMetrics() = default;

void GroupMetrics::claimed(const std::string& group, std::size_t events)
{
    const std::lock_guard lock{series_->mutex};
    auto& counters = series_->group(group).counters;
    counters[Series::claims]->Increment(events == 0 ? 0 : 1);
    counters[Series::claimed]->Increment(number(events));
}

void GroupMetrics::acknowledged(const std::string& group, std::size_t events)
{
    const std::lock_guard lock{series_->mutex};
    series_->group(group).counters[Series::acknowledged]->Increment(number(events));
}

void GroupMetrics::given_back(const std::string& group, std::size_t parked_streams)
{
    const std::lock_guard lock{series_->mutex};
    auto& counters = series_->group(group).counters;
    counters[Series::returns]->Increment();
    counters[Series::parkings]->Increment(number(parked_streams));
}

void GroupMetrics::show(const GroupStatus& status)
{
    const std::lock_guard lock{series_->mutex};
    const std::string& name = status.definition.name;
    auto& group = series_->group(name);
    if (!series_->groups.contains(name)) {
        return; // beyond the bound
    }
    const std::array<double, Series::levels> values{
        number(status.lag_events), status.lag_seconds, number(status.leased_streams),
        number(status.parked_streams), status.is_full ? 1.0 : 0.0};
    for (std::size_t at = 0; at < Series::levels; ++at) {
        if (group.gauges[at] == nullptr) {
            group.gauges[at] = &series_->level_families[at]->Add({{label, name}});
        }
        group.gauges[at]->Set(values[at]);
    }
}

void GroupMetrics::keep_only(const std::vector<std::string>& groups, WallTime now)
{
    const std::lock_guard lock{series_->mutex};
    std::erase_if(series_->groups, [&](const auto& entry) {
        const bool is_gone = entry.first != others &&
                             std::find(groups.begin(), groups.end(), entry.first) == groups.end();
        if (is_gone) {
            series_->remove(entry.second);
        }
        return is_gone;
    });
    series_->known.Set(number(groups.size()));
    series_->read_at.Set(static_cast<double>(now.nanoseconds) / 1e9);
}

} // namespace sealstream
