#pragma once

// One page for Prometheus out of several registries, one for each ledger: every series gets the
// label `ledger`, except those of the process, whose ledger is empty.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Registry;
}

namespace sealstream {

struct LedgerMetrics {
    std::string ledger;
    prometheus::Registry* registry;
    std::function<void()> refresh; // sets what is read only when somebody looks
};

// Prometheus text format 0.0.4; a family stands once, whatever the number of ledgers. Ledgers that
// `shows` says no to are left out.
[[nodiscard]] std::string metrics_page(const std::vector<LedgerMetrics>& ledgers,
                                       const std::function<bool(std::string_view ledger)>& shows);

} // namespace sealstream
