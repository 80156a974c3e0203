#include "node/metrics_page.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <sstream>

namespace sealstream {

std::string metrics_page(const std::vector<LedgerMetrics>& ledgers,
                         const std::function<bool(std::string_view ledger)>& shows)
{
    std::map<std::string, prometheus::MetricFamily> families;
    for (const LedgerMetrics& ledger : ledgers) {
        if (!ledger.ledger.empty() && !shows(ledger.ledger)) {
            continue;
        }
        ledger.refresh();
        for (prometheus::MetricFamily& family : ledger.registry->Collect()) {
            for (prometheus::ClientMetric& metric : family.metric) {
                if (!ledger.ledger.empty()) {
                    metric.label.push_back({"ledger", ledger.ledger});
                }
            }
            auto [known, is_new] = families.try_emplace(family.name, family);
            if (!is_new) {
                auto& metrics = known->second.metric;
                metrics.insert(metrics.end(), family.metric.begin(), family.metric.end());
            }
        }
    }
    std::vector<prometheus::MetricFamily> all;
    for (auto& [name, family] : families) {
        all.push_back(std::move(family));
    }
    std::ostringstream out;
    prometheus::TextSerializer{}.Serialize(out, all);
    return std::move(out).str();
}

} // namespace sealstream
