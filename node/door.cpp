#include "node/door.hpp"

#include "node/http/server.hpp"
#include "node/security/certificate_file.hpp"

namespace sealstream {

using security::CertificateUse;

Door::Door(const Settings& settings, std::unique_ptr<security::Gate> gate, const Clock& clock,
           Stop& stop)
    : settings_{settings},
      clock_{clock},
      gate_{std::move(gate)},
      fetcher_{gate_->tokens(), clock, stop, &metrics_}
{
    gate_->report_to(&metrics_);
}

Result<std::unique_ptr<Door>> Door::make(const Settings& settings, const Clock& clock, Stop& stop)
{
    SEAL_TRY(gate, security::Gate::make(settings.access));
    return std::unique_ptr<Door>{new Door{settings, std::move(gate), clock, stop}};
}

LedgerMetrics Door::metrics(const http::Server& server)
{
    return {{}, &registry_, [this, &server] { refresh(server); }};
}

void Door::refresh(const http::Server& server)
{
    gate_->tokens().show(clock_.wall().nanoseconds / 1'000'000'000);
    for (const auto& [use, surface] :
         {std::pair{CertificateUse::http, http::Surface::clients},
          std::pair{CertificateUse::admin, http::Surface::operators}}) {
        if (const auto at = server.certificate_expiry(surface)) {
            metrics_.certificate_expires(use, *at);
        }
    }
    const std::filesystem::path nats{settings_.nats.tls_certificate_file};
    for (const auto& [use, file] :
         {std::pair{CertificateUse::nats, nats},
          std::pair{CertificateUse::postgres, settings_.postgres.tls_certificate_file}}) {
        if (!file.empty()) {
            const auto at = security::certificate_expiry(file);
            metrics_.certificate_expires(use, at ? *at : 0);
        }
    }
}

} // namespace sealstream
