#include "node/stores.hpp"

#include "config/secrets.hpp"
#include "core/async/backoff.hpp"
#include "core/base/log.hpp"
#include "jetstream/jetstream_audit_log.hpp"
#include "jetstream/jetstream_event_log.hpp"
#include "postgres/migrations.hpp"
#include "postgres/postgres_audit_log.hpp"
#include "postgres/postgres_event_log.hpp"

namespace sealstream {

namespace {

bool may_heal(Errc code)
{
    return info(code).is_retryable;
}

Task<Result<void>> open_on_nats(const Settings& settings, StoresContext context, Stores& stores)
{
    auto options = settings.event_log;
    options.ledger = settings.ledger.name;
    options.codec = settings.ledger.codec;
    options.chain = settings.ledger.effective_chain();
    const int replicas = options.replicas;
    auto feed = settings.pulls;
    feed.settle_timeout = options.settle_timeout;
    auto log = co_await jetstream::JetStreamEventLog::open(settings.nats, std::move(options), feed,
                                                           context.clock, context.home);
    if (!log) {
        co_return log.error();
    }
    SEAL_CO_TRY_VOID((*log)->check_takes(settings.limits.event_bytes_max));
    jetstream::AuditLogOptions audit_options;
    audit_options.ledger = settings.ledger.name;
    audit_options.replicas = replicas;
    auto audit = co_await jetstream::JetStreamAuditLog::open(
        settings.nats, std::move(audit_options), context.home);
    if (!audit) {
        co_return audit.error();
    }
    auto* const raw_log = log->get();
    auto* const raw_audit = audit->get();
    stores.is_connected = [raw_log] { return raw_log->status().is_connected; };
    stores.close_audit = [raw_audit] { raw_audit->close(); };
    stores.log = *std::move(log);
    stores.audit = *std::move(audit);
    co_return Result<void>{};
}

Task<Result<void>> open_on_postgres(const Settings& settings, StoresContext context, Stores& stores)
{
    if (stores.pool == nullptr) {
        co_return Error{Errc::malformed,
                        "profile single-database needs postgres.uri or postgres.host"};
    }
    SEAL_CO_TRY_VOID(co_await migrate_patiently(*stores.pool, context));
    PostgresLogOptions options;
    options.ledger = settings.ledger.name;
    options.refuses_unknown_types = settings.policy.unknown_types == UnknownTypes::refuse;
    options.refuses_unknown_schemas = settings.policy.unknown_schemas == UnknownTypes::refuse;
    options.codec = settings.ledger.codec;
    options.chain = settings.ledger.effective_chain();
    options.queue_bytes_max = settings.postgres.queue_bytes_max;
    auto log = co_await PostgresEventLog::open(std::move(options), *stores.pool, context.threads,
                                               context.tasks);
    if (!log) {
        co_return log.error();
    }
    stores.log = *std::move(log);
    stores.audit =
        std::make_unique<PostgresAuditLog>(settings.ledger.name, *stores.pool, context.threads);
    stores.is_connected = [] { return true; };
    stores.close_audit = [] {};
    co_return Result<void>{};
}

} // namespace

Task<Result<void>> migrate_patiently(Pool& pool, StoresContext context)
{
    Backoff backoff{{std::chrono::milliseconds{50}, std::chrono::milliseconds{2'000}}};
    while (!context.stop.requested()) {
        auto work = [](Connection& connection) { return migrate(connection); };
        const auto migrated = co_await with_connection(context.threads, pool, std::move(work));
        if (migrated) {
            if (migrated->applied != 0) {
                log(Level::info, "schema.migrated", "node", {{"applied", migrated->applied}});
            }
            co_return Result<void>{};
        }
        if (!may_heal(migrated.error().code)) {
            co_return migrated.error();
        }
        log(Level::warn, "postgres.waited_for", "node", {{"why", describe(migrated.error())}});
        co_await context.stop.sleep_for(backoff.next());
    }
    co_return Error{Errc::shutting_down, {}};
}

Task<Result<Stores>> open_stores(const Settings& settings, StoresContext context)
{
    Stores stores;
    const auto& postgres = settings.postgres;
    if (!postgres.uri_file.empty() || !postgres.options.uri.empty() || !postgres.host.empty()) {
        SEAL_CO_TRY(options, postgres_options(postgres));
        stores.pool = std::make_unique<Pool>(std::move(options));
    }
    Backoff backoff{{std::chrono::milliseconds{50}, std::chrono::milliseconds{2'000}}};
    while (!context.stop.requested()) {
        auto opening = settings.profile == Profile::cluster
                           ? open_on_nats(settings, context, stores)
                           : open_on_postgres(settings, context, stores);
        const auto opened = co_await std::move(opening);
        if (opened) {
            stores.stored = stores.log.get();
            co_return std::move(stores);
        }
        if (!may_heal(opened.error().code)) {
            co_return opened.error();
        }
        log(Level::warn, "log.waited_for", "node", {{"why", describe(opened.error())}});
        co_await context.stop.sleep_for(backoff.next());
    }
    co_return Error{Errc::shutting_down, {}};
}

} // namespace sealstream
