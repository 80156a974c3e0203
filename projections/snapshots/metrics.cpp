#include "projections/snapshots/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <string>

namespace sealstream {

namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

using SnapshotLabels = std::map<std::string, std::string>;

const prometheus::Histogram::BucketBoundaries snapshot_seconds_buckets{
    0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600};

SnapshotLabels of(std::string_view projection)
{
    return {{"projection", std::string{projection}}};
}

SnapshotLabels with_result(std::string_view projection, const char* result)
{
    return {{"projection", std::string{projection}}, {"result", result}};
}

double to_seconds(std::chrono::nanoseconds time)
{
    return std::chrono::duration<double>(time).count();
}

} // namespace

struct SnapshotMetrics::Families {
    explicit Families(prometheus::Registry& registry)
        : snapshots{BuildCounter()
                        .Name("sealstream_snapshots_total")
                        .Help("Snapshots of projections, by what became of them.")
                        .Register(registry)},
          position{BuildGauge()
                       .Name("sealstream_snapshot_position")
                       .Help("Position of the newest snapshot.")
                       .Register(registry)},
          bytes{BuildGauge()
                    .Name("sealstream_snapshot_size_bytes")
                    .Help("Size of the newest snapshot.")
                    .Register(registry)},
          duration{BuildHistogram()
                       .Name("sealstream_snapshot_duration_seconds")
                       .Help("Time to take a snapshot.")
                       .Register(registry)},
          past{BuildCounter()
                   .Name("sealstream_as_of_states_total")
                   .Help("States of projections that questions as of a position needed, by whether "
                         "they were there.")
                   .Register(registry)},
          past_events{BuildCounter()
                          .Name("sealstream_as_of_events_total")
                          .Help("Events of the log that were read for such states.")
                          .Register(registry)},
          past_duration{BuildHistogram()
                            .Name("sealstream_as_of_duration_seconds")
                            .Help("Time to make such a state.")
                            .Register(registry)}
    {
    }

    prometheus::Family<prometheus::Counter>& snapshots;
    prometheus::Family<prometheus::Gauge>& position;
    prometheus::Family<prometheus::Gauge>& bytes;
    prometheus::Family<prometheus::Histogram>& duration;
    prometheus::Family<prometheus::Counter>& past;
    prometheus::Family<prometheus::Counter>& past_events;
    prometheus::Family<prometheus::Histogram>& past_duration;
};

SnapshotMetrics::SnapshotMetrics(prometheus::Registry& registry)
    : families_{std::make_unique<Families>(registry)}
{
}

SnapshotMetrics::~SnapshotMetrics() = default;

void SnapshotMetrics::taken(std::string_view projection, Position position, std::uint64_t bytes,
                            std::chrono::nanoseconds duration)
{
    families_->snapshots.Add(with_result(projection, "taken")).Increment();
    families_->position.Add(of(projection)).Set(static_cast<double>(position.value));
    families_->bytes.Add(of(projection)).Set(static_cast<double>(bytes));
    families_->duration.Add(of(projection), snapshot_seconds_buckets).Observe(to_seconds(duration));
}

void SnapshotMetrics::failed(std::string_view projection)
{
    families_->snapshots.Add(with_result(projection, "failed")).Increment();
}

void SnapshotMetrics::refused(std::string_view projection)
{
    families_->snapshots.Add(with_result(projection, "refused")).Increment();
}

void SnapshotMetrics::pruned(std::string_view projection, std::size_t count)
{
    families_->snapshots.Add(with_result(projection, "pruned"))
        .Increment(static_cast<double>(count));
}

void SnapshotMetrics::past_found(std::string_view projection)
{
    families_->past.Add(with_result(projection, "found")).Increment();
}

void SnapshotMetrics::past_made(std::string_view projection, std::uint64_t events,
                                std::chrono::nanoseconds duration)
{
    families_->past.Add(with_result(projection, "made")).Increment();
    families_->past_events.Add(of(projection)).Increment(static_cast<double>(events));
    families_->past_duration.Add(of(projection), snapshot_seconds_buckets)
        .Observe(to_seconds(duration));
}

void SnapshotMetrics::past_failed(std::string_view projection)
{
    families_->past.Add(with_result(projection, "failed")).Increment();
}

} // namespace sealstream
