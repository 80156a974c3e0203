#include "node/security/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <array>
#include <limits>

namespace sealstream::security {

namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;

constexpr std::array<const char*, 7> refusals{"no_credentials",
                                              "bad_credentials",
                                              "expired",
                                              "unknown_key",
                                              "keys_unavailable",
                                              "role",
                                              "rate"};
constexpr std::array<const char*, 4> uses{"http", "admin", "nats", "postgres"};

} // namespace

struct SecurityMetrics::Series {
    explicit Series(prometheus::Registry& registry)
        : key_count{BuildGauge()
                        .Name("sealstream_token_keys")
                        .Help("Keys of an issuer that can check tokens.")
                        .Register(registry)},
          key_age{BuildGauge()
                      .Name("sealstream_token_keys_age_seconds")
                      .Help("Since an issuer's key set was last read whole; +Inf: never.")
                      .Register(registry)},
          key_failures{BuildCounter()
                           .Name("sealstream_token_keys_failures_total")
                           .Help("Key sets that could not be read or fetched.")
                           .Register(registry)},
          expiry{BuildGauge()
                     .Name("sealstream_certificate_expiry_timestamp_seconds")
                     .Help("When our certificate for this use expires; 0: it can not be read.")
                     .Register(registry)}
    {
        auto& family = BuildCounter()
                           .Name("sealstream_access_refusals_total")
                           .Help("Requests that were not let in, by reason.")
                           .Register(registry);
        for (std::size_t at = 0; at < refusals.size(); ++at) {
            refused[at] = &family.Add({{"reason", refusals[at]}});
        }
    }

    std::array<Counter*, refusals.size()> refused{};
    Family<Gauge>& key_count;
    Family<Gauge>& key_age;
    Family<Counter>& key_failures;
    Family<Gauge>& expiry;
};

SecurityMetrics::SecurityMetrics(prometheus::Registry& registry)
    : series_{std::make_unique<Series>(registry)}
{
}

SecurityMetrics::~SecurityMetrics() = default;

void SecurityMetrics::refused(Refusal reason)
{
    series_->refused[static_cast<std::size_t>(reason)]->Increment();
}

void SecurityMetrics::keys(const std::string& issuer, std::size_t keys,
                           std::optional<std::int64_t> age)
{
    series_->key_count.Add({{"issuer", issuer}}).Set(static_cast<double>(keys));
    series_->key_age.Add({{"issuer", issuer}})
        .Set(age ? static_cast<double>(*age) : std::numeric_limits<double>::infinity());
    series_->key_failures.Add({{"issuer", issuer}});
}

void SecurityMetrics::keys_failed(const std::string& issuer)
{
    series_->key_failures.Add({{"issuer", issuer}}).Increment();
}

void SecurityMetrics::certificate_expires(CertificateUse use, std::int64_t at)
{
    series_->expiry.Add({{"use", uses[static_cast<std::size_t>(use)]}})
        .Set(static_cast<double>(at));
}

} // namespace sealstream::security
