#pragma once

// What decides in this process who gets in: the gate, the key sets that are fetched for it, and
// what is counted about both.

#include "config/settings.hpp"
#include "node/metrics_page.hpp"
#include "node/security/gate.hpp"
#include "node/security/key_fetcher.hpp"

#include <prometheus/registry.h>

namespace sealstream {

namespace http {
class Server;
} // namespace http

class Door {
public:
    //   malformed, not_found   as Gate::make
    [[nodiscard]] static Result<std::unique_ptr<Door>> make(const Settings& settings,
                                                            const Clock& clock, Stop& stop);

    [[nodiscard]] security::Gate& gate() noexcept { return *gate_; }
    // Begins to fetch keys; ends soon after the stop.
    void start(TaskGroup& tasks) { fetcher_.start(tasks); }
    // Of the process: they belong to no ledger. `server` and this outlive what is returned.
    [[nodiscard]] LedgerMetrics metrics(const http::Server& server);

private:
    Door(const Settings& settings, std::unique_ptr<security::Gate> gate, const Clock& clock,
         Stop& stop);
    void refresh(const http::Server& server);

    const Settings& settings_;
    const Clock& clock_;
    prometheus::Registry registry_;
    security::SecurityMetrics metrics_{registry_};
    std::unique_ptr<security::Gate> gate_;
    security::KeyFetcher fetcher_;
};

} // namespace sealstream
