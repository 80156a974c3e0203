#include "postgres/outbox/outbox_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

namespace sealstream {

namespace {

prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help)
{
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Counter& counter(prometheus::Registry& registry, const char* name, const char* help)
{
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

double number(std::uint64_t value)
{
    return static_cast<double>(value);
}

} // namespace

struct OutboxMetrics::Families {
    explicit Families(prometheus::Registry& registry)
        : lag_events{gauge(registry, "sealstream_outbox_lag_events",
                           "Committed events of applications that are not in the log yet.")},
          lag_seconds{gauge(registry, "sealstream_outbox_lag_seconds",
                            "Age of the oldest committed transaction that is not in the log.")},
          parked_transactions{gauge(registry, "sealstream_outbox_parked_transactions",
                                    "Transactions that the log refuses: a person must act.")},
          is_owner{gauge(registry, "sealstream_outbox_owner",
                         "1 where the relay works, 0 where it stands by.")},
          is_halted{gauge(registry, "sealstream_outbox_halted",
                          "1 while the relay has stopped because a person must act.")},
          emitted{counter(registry, "sealstream_outbox_emitted_events_total",
                          "Events that the log has acknowledged.")},
          found{counter(registry, "sealstream_outbox_found_events_total",
                        "Of these, found in the log after a lost acknowledgement.")},
          known{counter(registry, "sealstream_outbox_known_events_total",
                        "Of these, in the log already under the application's own key or id.")},
          parked{counter(registry, "sealstream_outbox_parked_total", "Transactions parked.")},
          retries{counter(registry, "sealstream_outbox_retries_total",
                          "Times that the relay began again after a failure.")}
    {
    }

    prometheus::Gauge& lag_events;
    prometheus::Gauge& lag_seconds;
    prometheus::Gauge& parked_transactions;
    prometheus::Gauge& is_owner;
    prometheus::Gauge& is_halted;
    prometheus::Counter& emitted;
    prometheus::Counter& found;
    prometheus::Counter& known;
    prometheus::Counter& parked;
    prometheus::Counter& retries;
};

OutboxMetrics::OutboxMetrics(prometheus::Registry& registry)
    : families_{std::make_unique<Families>(registry)}
{
}
OutboxMetrics::~OutboxMetrics() = default;

void OutboxMetrics::lag_is(const OutboxLag& lag)
{
    families_->lag_events.Set(number(lag.waiting_events));
    families_->lag_seconds.Set(lag.oldest_seconds);
    families_->parked_transactions.Set(number(lag.parked_transactions));
}

void OutboxMetrics::emitted(std::size_t events, std::size_t found_in_log)
{
    families_->emitted.Increment(number(events));
    families_->found.Increment(number(found_in_log));
}

void OutboxMetrics::known(std::size_t events)
{
    families_->known.Increment(number(events));
}

void OutboxMetrics::parked()
{
    families_->parked.Increment();
}

void OutboxMetrics::retried()
{
    families_->retries.Increment();
}

void OutboxMetrics::owner(bool is_owner)
{
    families_->is_owner.Set(is_owner ? 1 : 0);
}

void OutboxMetrics::halted(bool is_halted)
{
    families_->is_halted.Set(is_halted ? 1 : 0);
}

} // namespace sealstream
