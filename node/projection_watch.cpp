#include "node/projection_watch.hpp"

#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>

namespace sealstream {

namespace {

using prometheus::BuildGauge;
using Gauge = prometheus::Family<prometheus::Gauge>;

// All of them, so that each series is there from the beginning.
constexpr std::array reasons{
    "none",         "rebuilding",   "written_past",    "poison",         "catching_up",
    "no_projector", "paused",       "halted_corrupt",  "digest_differs", "fold_error",
    "fold_slow",    "fold_runaway", "too_many_parked", "not_made",       "waiting_for_postgres"};

Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help)
{
    return BuildGauge().Name(name).Help(help).Register(registry);
}

} // namespace

struct ProjectionWatch::Gauges {
    explicit Gauges(prometheus::Registry& registry)
        : lag_events{gauge(registry, "sealstream_consumer_lag_events",
                           "Events in the log that a consumer has not dealt with.")},
          lag_seconds{gauge(registry, "sealstream_consumer_lag_seconds",
                            "How far a consumer is behind in time; 0 when it has caught up.")},
          cursor{gauge(registry, "sealstream_consumer_ack_floor_sequence",
                       "The last position that a consumer has dealt with.")},
          parked{gauge(registry, "sealstream_consumer_parked_events",
                       "Events that wait because an earlier one of their stream could not be "
                       "dealt with.")},
          reason{gauge(registry, "sealstream_projection_reason",
                       "1 for the reason why a projection does not move, or none.")},
          foreign{gauge(registry, "sealstream_projection_foreign_writes",
                        "Statements that wrote into a projection's tables past its projector.")}
    {
    }

    Gauge& lag_events;
    Gauge& lag_seconds;
    Gauge& cursor;
    Gauge& parked;
    Gauge& reason;
    Gauge& foreign;
};

ProjectionWatch::ProjectionWatch(ProjectionAdmin& admin, EventLog& log, Stop& stop,
                                 prometheus::Registry& registry, ProjectionWatchOptions options)
    : admin_{admin},
      log_{log},
      stop_{stop},
      options_{options},
      gauges_{std::make_unique<Gauges>(registry)}
{
}

ProjectionWatch::~ProjectionWatch() = default;

Task<void> ProjectionWatch::run()
{
    while (!stop_.requested()) {
        co_await look();
        co_await stop_.sleep_for(options_.interval);
    }
}

Task<void> ProjectionWatch::look()
{
    auto read = co_await admin_.list();
    if (read) {
        known_ = *std::move(read);
    } else {
        const auto head = co_await log_.head();
        const double passed = std::chrono::duration<double>(options_.interval).count();
        for (ProjectionStatus& status : known_) {
            status.reason = {"waiting_for_postgres", {}};
            status.head = head ? std::max(status.head, *head) : status.head;
            status.lag_events = status.head.value - status.cursor.value;
            status.lag_seconds += status.lag_events != 0 ? passed : 0;
        }
    }
    for (const ProjectionStatus& status : known_) {
        show(status);
    }
}

void ProjectionWatch::show(const ProjectionStatus& status)
{
    const std::map<std::string, std::string> consumer{{"consumer", status.name}};
    gauges_->lag_events.Add(consumer).Set(static_cast<double>(status.lag_events));
    gauges_->lag_seconds.Add(consumer).Set(status.lag_seconds);
    gauges_->cursor.Add(consumer).Set(static_cast<double>(status.cursor.value));
    gauges_->parked.Add(consumer).Set(static_cast<double>(status.parked_events));
    gauges_->foreign.Add({{"projection", status.name}})
        .Set(static_cast<double>(status.foreign_writes));
    for (const char* const one : reasons) {
        gauges_->reason.Add({{"projection", status.name}, {"reason", one}})
            .Set(status.reason.code == one ? 1 : 0);
    }
}

} // namespace sealstream
