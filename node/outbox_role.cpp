#include "node/outbox_role.hpp"

#include "core/async/backoff.hpp"
#include "core/base/log.hpp"
#include "postgres/append_settings.hpp"

namespace sealstream {

namespace {

OutboxOptions outbox_options(const Settings& settings)
{
    OutboxOptions options;
    options.ledger = settings.ledger.name;
    options.poll_interval = settings.outbox.poll;
    options.page_events_max = settings.outbox.page_events_max;
    options.keep_emitted = settings.outbox.keep;
    return options;
}

} // namespace

OutboxRole::OutboxRole(const Settings& settings, Stores& stores, StoresContext context, Stop& stop,
                       prometheus::Registry& registry, http::AdmissionParts admission)
    : settings_{settings},
      stores_{stores},
      context_{context},
      stop_{stop},
      metrics_{registry},
      target_{*stores.log, admission, metrics_},
      relay_{*stores.log,
             target_,
             *stores.pool,
             context.threads,
             context.clock,
             stop,
             outbox_options(settings),
             metrics_}
{
}

OutboxRole::~OutboxRole() = default;

Task<void> OutboxRole::run()
{
    const auto prepared = co_await prepare();
    if (prepared) {
        co_await relay_.run();
    } else if (prepared.error().code != Errc::shutting_down) {
        metrics_.halted(true);
        log(Level::error, "outbox.not_started", "node",
            {{"ledger", settings_.ledger.name}, {"why", describe(prepared.error())}});
    }
}

Task<Result<void>> OutboxRole::prepare()
{
    SEAL_CO_TRY_VOID(co_await migrate_patiently(*stores_.pool, context_));
    Backoff backoff{{std::chrono::milliseconds{50}, std::chrono::milliseconds{2'000}}};
    while (!stop_.requested()) {
        auto write = [settings = AppendSettings{settings_.ledger.name, AppendTarget::outbox,
                                                settings_.ledger.codec,
                                                settings_.ledger.chain}](Connection& connection) {
            return write_append_settings(connection, settings);
        };
        const auto written =
            co_await with_connection(context_.threads, *stores_.pool, std::move(write));
        if (written || !info(written.error().code).is_retryable) {
            co_return written;
        }
        co_await stop_.sleep_for(backoff.next());
    }
    co_return Error{Errc::shutting_down, {}};
}

} // namespace sealstream
