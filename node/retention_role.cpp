#include "node/retention_role.hpp"

#include "core/packs/pack_retention.hpp"
#include "postgres/append_settings.hpp"
#include "postgres/retention/wrapping_key_file.hpp"

namespace sealstream {

namespace {

RetentionRulesPtr rules_of(const PackSet& packs)
{
    return std::make_shared<const RetentionRules>(retention_rules(packs));
}

} // namespace

RetentionRole::RetentionRole(const Settings& settings, WrappingKey key, const PackSet& packs,
                             Stores& stores, StoresContext context)
    : settings_{settings.retention},
      ledger_{settings.ledger.name},
      pool_{*stores.pool},
      threads_{context.threads},
      keys_{ledger_, key, pool_, threads_}
{
    PayloadReaderOptions options;
    options.keys_cached_max = settings_.keys_cached_max;
    options.key_cache = settings_.key_cache;
    auto log = std::make_unique<PayloadLog>(std::move(stores.log), keys_, context.clock,
                                            rules_of(packs), options);
    log_ = log.get();
    stores.log = std::move(log);
}

Task<Result<std::unique_ptr<RetentionRole>>> RetentionRole::open(const Settings& settings,
                                                                 const PackSet& packs,
                                                                 Stores& stores,
                                                                 StoresContext context)
{
    if (stores.pool == nullptr) {
        co_return Error{Errc::malformed,
                        "retention.key_file needs postgres.uri or postgres.host: keys of payloads "
                        "are in its tables"};
    }
    SEAL_CO_TRY(key, load_wrapping_key(settings.retention.key_file));
    SEAL_CO_TRY_VOID(co_await migrate_patiently(*stores.pool, context));
    auto check = [ledger = settings.ledger.name, key](Connection& connection) {
        return check_wrapping(connection, ledger, key);
    };
    SEAL_CO_TRY_VOID(co_await with_connection(context.threads, *stores.pool, std::move(check)));
    co_return std::make_unique<RetentionRole>(settings, key, packs, stores, context);
}

void RetentionRole::use(const PackSet& packs)
{
    log_->use(rules_of(packs));
}

Task<void> RetentionRole::run(EventIdSource& ids, Stop& stop)
{
    ExpiryOptions options;
    options.ledger = ledger_;
    options.poll = settings_.poll;
    options.keys_max = settings_.keys_destroyed_max;
    auto rules = [log = log_] { return log->rules(); };
    ExpiryRunner runner{*log_, ids, pool_, threads_, stop, std::move(rules), std::move(options)};
    co_await runner.run();
}

Result<void> tell_encrypted_types(Connection& connection, const std::string& ledger,
                                  const RetentionRules& rules)
{
    EncryptedTypes types;
    for (const auto& [type, retention_class] : rules.event_types) {
        types.events.push_back(type);
    }
    for (const auto& [type, retention_class] : rules.stream_types) {
        types.streams.push_back(type);
    }
    return write_encrypted_types(connection, ledger, types);
}

} // namespace sealstream
