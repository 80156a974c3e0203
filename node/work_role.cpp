#include "node/work_role.hpp"

#include "core/base/log.hpp"
#include "projections/pack_projections.hpp"
#include "projections/postgres_pack_reader.hpp"

namespace sealstream {

namespace {

constexpr std::size_t work_connections_max =
    4; // the owner's, and as many for SQL as there are threads
constexpr std::size_t threads_max = 3;
constexpr std::size_t jobs_max = 256;

PostgresOptions sessions_of(const Stores& stores)
{
    PostgresOptions options = stores.pool->options();
    options.connections_max = work_connections_max;
    options.application_name = "sealstream work";
    return options;
}

std::vector<PackPtr> packs_of(const PackSet& packs)
{
    std::vector<PackPtr> all;
    for (const MountedPack& mounted : packs) {
        all.push_back(mounted.pack);
    }
    return all;
}

WorkOptions work_options(const Settings& settings)
{
    WorkOptions options;
    options.ledger = settings.ledger.name;
    options.has_invariants = settings.packs.has_invariants;
    options.has_schedules = settings.packs.has_schedules;
    options.statement_time_max = settings.packs.work_time_max;
    options.schedule_rows_max = settings.packs.schedule_rows_max;
    return options;
}

} // namespace

WorkRole::WorkRole(const Settings& settings, Stores& stores, StoresContext context, Stop& stop,
                   http::AdmissionParts admission, const PackSet& packs)
    : settings_{settings},
      stores_{stores},
      context_{context},
      pool_{sessions_of(stores)},
      threads_{BlockingPoolOptions{threads_max, jobs_max}},
      store_{settings.ledger.name, pool_, threads_},
      runner_{WorkContext{*stores.log, store_, context.clock, reader_maker(), std::move(admission),
                          settings.limits, work_options(settings)},
              stop, packs_of(packs)}
{
}

WorkRole::~WorkRole()
{
    threads_.join();
}

std::function<std::unique_ptr<PackReader>(const Pack&)> WorkRole::reader_maker()
{
    return [this](const Pack& pack) {
        PackReaderOptions options{settings_.ledger.name, pack.name, {}, {}};
        for (const Projection& projection : pack_projections(pack)) {
            options.projections.push_back(projection.name);
            options.digests.push_back(projection.digest());
        }
        return std::make_unique<PostgresPackReader>(std::move(options), pool_, threads_);
    };
}

void WorkRole::declare(const PackSet& packs)
{
    runner_.declare(packs_of(packs));
}

Task<void> WorkRole::run()
{
    const auto migrated = co_await migrate_patiently(*stores_.pool, context_);
    if (migrated) {
        co_await runner_.run();
    } else if (migrated.error().code != Errc::shutting_down) {
        log(Level::error, "work.not_started", "node",
            {{"ledger", settings_.ledger.name}, {"why", describe(migrated.error())}});
    }
}

} // namespace sealstream
