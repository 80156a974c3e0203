#pragma once

// Fetches the key sets whose issuers have a URL, in the background, and puts them into TokenKeys. A
// fetch that fails leaves the last set in use; key_pacing.hpp says when the next one follows.

#include "core/async/stop.hpp"
#include "core/async/task_group.hpp"
#include "core/base/clock.hpp"
#include "node/security/token_keys.hpp"

namespace sealstream::security {

class KeyFetcher {
public:
    // All outlive the tasks. `metrics` may be null.
    KeyFetcher(TokenKeys& keys, const Clock& clock, Stop& stop, SecurityMetrics* metrics)
        : keys_{keys},
          clock_{clock},
          stop_{stop},
          metrics_{metrics}
    {
    }

    // One task for each such issuer; they end soon after the stop.
    void start(TaskGroup& tasks);

private:
    [[nodiscard]] Task<void> follow(std::size_t issuer);
    [[nodiscard]] Task<Result<void>> fetch(std::size_t issuer);
    void failed(const std::string& issuer, const Error& error);

    TokenKeys& keys_;
    const Clock& clock_;
    Stop& stop_;
    SecurityMetrics* metrics_;
};

} // namespace sealstream::security
