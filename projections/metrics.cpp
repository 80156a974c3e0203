#include "projections/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>

namespace sealstream {

namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

using MetricLabels = std::map<std::string, std::string>;

const prometheus::Histogram::BucketBoundaries fold_seconds_buckets{
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
const prometheus::Histogram::BucketBoundaries events_buckets{1,   2,   5,    10,   20,   50,   100,
                                                             200, 500, 1000, 2000, 5000, 10000};

double seconds(std::chrono::nanoseconds time)
{
    return std::chrono::duration<double>(time).count();
}

double metric_number(std::uint64_t value)
{
    return static_cast<double>(value);
}

MetricLabels consumer(std::string_view projection)
{
    return {{"consumer", std::string{projection}}};
}

} // namespace

struct ProjectorMetrics::Families {
    explicit Families(prometheus::Registry& registry)
        : events{BuildCounter()
                     .Name("sealstream_consumer_events_total")
                     .Help("Events that a consumer has dealt with, by result.")
                     .Register(registry)},
          batch_seconds{BuildHistogram()
                            .Name("sealstream_consumer_batch_duration_seconds")
                            .Help("Time to apply one batch, from its begin to its commit.")
                            .Register(registry)},
          batch_events{BuildHistogram()
                           .Name("sealstream_consumer_batch_events")
                           .Help("Events in one batch.")
                           .Register(registry)},
          lag_events{BuildGauge()
                         .Name("sealstream_consumer_lag_events")
                         .Help("Events in the log that a consumer has not dealt with.")
                         .Register(registry)},
          lag_seconds{BuildGauge()
                          .Name("sealstream_consumer_lag_seconds")
                          .Help("How far a consumer is behind in time; 0 when it has caught up.")
                          .Register(registry)},
          cursor{BuildGauge()
                     .Name("sealstream_consumer_ack_floor_sequence")
                     .Help("The last position that a consumer has dealt with.")
                     .Register(registry)},
          halted{BuildGauge()
                     .Name("sealstream_consumer_halted")
                     .Help("1 while a consumer has stopped because a person must act.")
                     .Register(registry)},
          version_info{BuildGauge()
                           .Name("sealstream_projection_info")
                           .Help("1 for each version of a projection that this process works on.")
                           .Register(registry)},
          remaining{BuildGauge()
                        .Name("sealstream_projection_remaining_events")
                        .Help("Events that a version of a projection has still to fold.")
                        .Register(registry)}
    {
    }

    prometheus::Family<prometheus::Counter>& events;
    prometheus::Family<prometheus::Histogram>& batch_seconds;
    prometheus::Family<prometheus::Histogram>& batch_events;
    prometheus::Family<prometheus::Gauge>& lag_events;
    prometheus::Family<prometheus::Gauge>& lag_seconds;
    prometheus::Family<prometheus::Gauge>& cursor;
    prometheus::Family<prometheus::Gauge>& halted;
    prometheus::Family<prometheus::Gauge>& version_info;
    prometheus::Family<prometheus::Gauge>& remaining;
};

ProjectorMetrics::ProjectorMetrics(prometheus::Registry& registry)
    : families_{std::make_unique<Families>(registry)}
{
}

ProjectorMetrics::~ProjectorMetrics() = default;

void ProjectorMetrics::version_is(std::string_view projection, int version, std::string_view state)
{
    for (const std::string_view one : {"active", "building", "retired"}) {
        families_->version_info
            .Add({{"projection", std::string{projection}},
                  {"version", std::to_string(version)},
                  {"state", std::string{one}}})
            .Set(one == state ? 1 : 0);
    }
    for (const char* const result : {"applied", "failed"}) {
        families_->events.Add({{"consumer", std::string{projection}}, {"result", result}});
    }
}

void ProjectorMetrics::batch_applied(std::string_view projection, std::size_t events,
                                     std::chrono::nanoseconds duration)
{
    const MetricLabels labels = consumer(projection);
    families_->events.Add({{"consumer", std::string{projection}}, {"result", "applied"}})
        .Increment(metric_number(events));
    families_->batch_seconds.Add(labels, fold_seconds_buckets).Observe(seconds(duration));
    families_->batch_events.Add(labels, events_buckets).Observe(metric_number(events));
}

void ProjectorMetrics::batch_failed(std::string_view projection)
{
    families_->events.Add({{"consumer", std::string{projection}}, {"result", "failed"}})
        .Increment();
}

void ProjectorMetrics::cursor_is(std::string_view projection, Position cursor, Position head,
                                 std::chrono::nanoseconds lag)
{
    const MetricLabels labels = consumer(projection);
    const std::uint64_t waiting = head > cursor ? head.value - cursor.value : 0;
    families_->cursor.Add(labels).Set(metric_number(cursor.value));
    families_->lag_events.Add(labels).Set(metric_number(waiting));
    families_->lag_seconds.Add(labels).Set(waiting == 0 ? 0 : seconds(lag));
}

void ProjectorMetrics::remaining_is(std::string_view projection, int version, std::uint64_t events)
{
    families_->remaining
        .Add({{"projection", std::string{projection}}, {"version", std::to_string(version)}})
        .Set(metric_number(events));
}

void ProjectorMetrics::halted(std::string_view projection, bool is_halted)
{
    families_->halted.Add(consumer(projection)).Set(is_halted ? 1 : 0);
}

} // namespace sealstream
