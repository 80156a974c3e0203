#include "node/rules/metrics.hpp"

#include <prometheus/gauge.h>
#include <prometheus/registry.h>

namespace sealstream {

namespace {

prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help)
{
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

} // namespace

struct RulebookMetrics::Series {
    explicit Series(prometheus::Registry& to)
        : position{gauge(to, "sealstream_rulebook_position",
                         "Position of the newest rule that this node enforces.")},
          policies{gauge(to, "sealstream_rulebook_policies",
                         "Event types that have or had an emission policy.")},
          silence{gauge(to, "sealstream_rulebook_silence_seconds",
                        "Time since the log last said that no newer rule exists.")},
          usable{gauge(to, "sealstream_rulebook_usable",
                       "1 while the rules are known to be the newest; appends wait while 0.")}
    {
    }
    prometheus::Gauge& position;
    prometheus::Gauge& policies;
    prometheus::Gauge& silence;
    prometheus::Gauge& usable;
};

RulebookMetrics::RulebookMetrics(prometheus::Registry& registry)
    : series_{std::make_unique<Series>(registry)}
{
}

RulebookMetrics::~RulebookMetrics() = default;

void RulebookMetrics::show(const RulebookFollower& follower)
{
    series_->position.Set(static_cast<double>(follower.position().value));
    series_->policies.Set(static_cast<double>(follower.policies()));
    series_->silence.Set(std::chrono::duration<double>(follower.silence()).count());
    series_->usable.Set(follower.fault().empty() ? 1 : 0);
}

} // namespace sealstream
