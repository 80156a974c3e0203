#include "audit/service/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>

namespace sealstream {

namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

prometheus::Counter& counter(prometheus::Registry& registry, const char* name, const char* help)
{
    return BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help)
{
    return BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Histogram& seconds(prometheus::Registry& registry, const char* name, const char* help)
{
    const prometheus::Histogram::BucketBoundaries buckets{
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
    return BuildHistogram().Name(name).Help(help).Register(registry).Add({}, buckets);
}

double in_seconds(std::chrono::nanoseconds time)
{
    return std::chrono::duration<double>{time}.count();
}

constexpr std::array class_names{"unknown",  "event",   "heartbeat",   "gap",
                                 "rollback", "erasure", "retention",   "key",
                                 "config",   "freeze",  "shard_start", "rejected"};

} // namespace

struct AuditorMetrics::Series {
    explicit Series(prometheus::Registry& registry)
        : entries{counter(registry, "sealstream_audit_entries_total",
                          "Entries appended to the audit stream")},
          bytes{counter(registry, "sealstream_audit_bytes_total",
                        "Bytes appended to the audit stream")},
          checkpoints{
              counter(registry, "sealstream_audit_checkpoints_total", "Checkpoints signed")},
          refusals{counter(registry, "sealstream_audit_signing_refused_total",
                           "Times the signer refused to sign because of its clock")},
          failures{counter(registry, "sealstream_audit_failures_total",
                           "Times the auditor had to start over")},
          covered{gauge(registry, "sealstream_audit_covered_position",
                        "Last position of the log that has a leaf in the audit stream")},
          tree_size{
              gauge(registry, "sealstream_audit_tree_size_leaves", "Leaves in the audit stream")},
          signed_size{gauge(registry, "sealstream_audit_checkpoint_size_leaves",
                            "Leaves under the newest checkpoint")},
          signed_at{gauge(registry, "sealstream_audit_checkpoint_timestamp_seconds",
                          "When the newest checkpoint was signed; its age is time() minus this")},
          epoch{gauge(registry, "sealstream_audit_epoch", "Epoch of this auditor")},
          active{gauge(registry, "sealstream_audit_active",
                       "1 while this auditor owns the audit stream")},
          append_seconds{seconds(registry, "sealstream_audit_append_seconds",
                                 "Time to append blocks to the audit stream")},
          sign_seconds{seconds(registry, "sealstream_audit_sign_seconds",
                               "Time to read back, recompute and sign a checkpoint")}
    {
        auto& family = BuildCounter()
                           .Name("sealstream_audit_leaves_total")
                           .Help("Leaves made, by class")
                           .Register(registry);
        for (std::size_t at = 0; at < class_names.size(); ++at) {
            leaves[at] = at == 0 ? nullptr : &family.Add({{"class", class_names[at]}});
        }
    }

    prometheus::Counter& entries;
    prometheus::Counter& bytes;
    prometheus::Counter& checkpoints;
    prometheus::Counter& refusals;
    prometheus::Counter& failures;
    prometheus::Gauge& covered;
    prometheus::Gauge& tree_size;
    prometheus::Gauge& signed_size;
    prometheus::Gauge& signed_at;
    prometheus::Gauge& epoch;
    prometheus::Gauge& active;
    prometheus::Histogram& append_seconds;
    prometheus::Histogram& sign_seconds;
    std::array<prometheus::Counter*, class_names.size()> leaves{};
};

AuditorMetrics::AuditorMetrics(prometheus::Registry& registry)
    : series_{std::make_unique<Series>(registry)}
{
}

AuditorMetrics::~AuditorMetrics() = default;

void AuditorMetrics::sealed(LeafClass kind)
{
    series_->leaves[static_cast<std::size_t>(kind)]->Increment();
}

void AuditorMetrics::appended(std::size_t entries, std::size_t bytes, Position covered,
                              std::uint64_t tree_size, std::chrono::nanoseconds took)
{
    series_->entries.Increment(static_cast<double>(entries));
    series_->bytes.Increment(static_cast<double>(bytes));
    series_->covered.Set(static_cast<double>(covered.value));
    series_->tree_size.Set(static_cast<double>(tree_size));
    series_->append_seconds.Observe(in_seconds(took));
}

void AuditorMetrics::signed_checkpoint(std::uint64_t tree_size, WallTime at,
                                       std::chrono::nanoseconds took)
{
    series_->checkpoints.Increment();
    series_->signed_size.Set(static_cast<double>(tree_size));
    series_->signed_at.Set(static_cast<double>(at.nanoseconds) / 1e9);
    series_->sign_seconds.Observe(in_seconds(took));
}

void AuditorMetrics::signing_refused()
{
    series_->refusals.Increment();
}

void AuditorMetrics::epoch(std::uint64_t number)
{
    series_->epoch.Set(static_cast<double>(number));
}

void AuditorMetrics::active(bool is_active)
{
    series_->active.Set(is_active ? 1 : 0);
}

void AuditorMetrics::failed()
{
    series_->failures.Increment();
}

} // namespace sealstream
