#include "node/work_watch.hpp"

#include "core/base/clock.hpp"

#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <array>
#include <map>

namespace sealstream {

namespace {

using Family = prometheus::Family<prometheus::Gauge>;
using Labels = std::map<std::string, std::string>;

constexpr std::size_t values_count = 7;
using Values = std::array<double, values_count>;

constexpr std::array<std::pair<const char*, const char*>, values_count> invariant_series{{
    {"sealstream_invariant_breached",
     "1 while an invariant of a pack is breached, 0 while it holds."},
    {"sealstream_invariant_failing", "Runs that could not look, one after the other; 0: it can."},
    {"sealstream_invariant_last_run_timestamp_seconds",
     "When its SQL last came through; 0: never."},
    {"sealstream_invariant_duration_seconds", "How long its last run took."},
    {"sealstream_invariant_position", "What the tables showed in that run."},
    {"sealstream_invariant_runs_total", "Its runs."},
    {"sealstream_invariant_failed_runs_total", "Those that could not look."},
}};
constexpr std::array<std::pair<const char*, const char*>, values_count> schedule_series{{
    {"sealstream_schedule_appended_events_total", "Events that a schedule of a pack has appended."},
    {"sealstream_schedule_failing", "Runs that failed, one after the other; 0: the last did not."},
    {"sealstream_schedule_last_run_timestamp_seconds", "When it last came through; 0: never."},
    {"sealstream_schedule_duration_seconds", "How long its last run took."},
    {"sealstream_schedule_refused_rows_total", "Rows that were refused."},
    {"sealstream_schedule_runs_total", "Its runs."},
    {"sealstream_schedule_failed_runs_total", "Those that failed."},
}};

double seconds_of(const std::string& time)
{
    const auto parsed = from_rfc3339(time);
    return parsed ? static_cast<double>(parsed->nanoseconds) / 1e9 : 0;
}

Values values_of(const WorkStatus& status)
{
    const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
    const bool is_invariant = status.declared.kind == WorkKind::invariant;
    return {is_invariant ? (status.state == "breached" ? 1.0 : 0.0) : number(status.appended),
            number(status.failures),
            seconds_of(status.came_through_at),
            status.seconds,
            is_invariant ? number(status.cursor.value) : number(status.refused),
            number(status.runs),
            number(status.failed_runs)};
}

} // namespace

struct WorkWatch::Gauges {
    using Series = std::array<prometheus::Gauge*, values_count>;

    explicit Gauges(prometheus::Registry& to) : registry{to} {}

    Family& family(std::pair<const char*, const char*> of)
    {
        return prometheus::BuildGauge().Name(of.first).Help(of.second).Register(registry);
    }

    prometheus::Registry& registry;
    std::array<std::map<std::string, Series>, 2> shown; // by kind and name
};

WorkWatch::WorkWatch(PackWork& work, Stop& stop, prometheus::Registry& registry,
                     WorkWatchOptions options)
    : work_{work},
      stop_{stop},
      options_{options},
      gauges_{std::make_unique<Gauges>(registry)}
{
}

WorkWatch::~WorkWatch() = default;

Task<void> WorkWatch::run()
{
    while (!stop_.requested()) {
        for (const WorkKind kind : {WorkKind::invariant, WorkKind::schedule}) {
            const auto all = co_await work_.list(kind);
            if (all) {
                show(kind, *all);
            }
        }
        co_await stop_.sleep_for(options_.interval);
    }
}

void WorkWatch::show(WorkKind kind, const std::vector<WorkStatus>& all)
{
    const bool is_invariant = kind == WorkKind::invariant;
    const auto& names = is_invariant ? invariant_series : schedule_series;
    auto& shown = gauges_->shown[static_cast<std::size_t>(kind)];
    std::map<std::string, Gauges::Series> before = std::move(shown);
    shown.clear();
    for (const WorkStatus& status : all) {
        const std::string& name = status.declared.name;
        const Labels labels{{"pack", status.declared.pack},
                            {is_invariant ? "invariant" : "schedule",
                             name.substr(status.declared.pack.size() + 1)}};
        const Values values = values_of(status);
        Gauges::Series& series = shown[name];
        for (std::size_t at = 0; at < values_count; ++at) {
            series[at] = &gauges_->family(names[at]).Add(labels);
            series[at]->Set(values[at]);
        }
        before.erase(name);
    }
    for (const auto& [name, series] : before) { // declared no more
        for (std::size_t at = 0; at < values_count; ++at) {
            gauges_->family(names[at]).Remove(series[at]);
        }
    }
}

} // namespace sealstream
