#include "node/pack_serving.hpp"

#include "config/settings.hpp"
#include "node/http/packs/guard_stage.hpp"
#include "node/http/packs/served_packs.hpp"
#include "projections/pack_projections.hpp"
#include "projections/postgres_pack_reader.hpp"
#include "projections/snapshots/past_states.hpp"

#include <prometheus/registry.h>

namespace sealstream {

namespace {

constexpr std::size_t reader_connections_max = 4; // of one ledger's packs, and as many threads
constexpr std::size_t questions_max = 256;        // waiting for one of them; beyond it: overloaded
constexpr std::string_view application_name = "sealstream packs";
// Of states of the past: two are made at once, over two sessions each.
constexpr std::size_t past_connections = 6;
constexpr std::size_t past_threads = 3;
constexpr std::string_view past_name = "sealstream past";

PackReaderOptions reader_options(const std::string& ledger, const Pack& pack)
{
    PackReaderOptions options{ledger, pack.name, {}, {}};
    for (const Projection& projection : pack_projections(pack)) {
        options.projections.push_back(projection.name);
        options.digests.push_back(projection.digest());
    }
    return options;
}

} // namespace

std::set<std::string, std::less<>> guarded_types(const std::vector<MountedPack>& packs)
{
    std::set<std::string, std::less<>> types;
    for (const MountedPack& mounted : packs) {
        for (const PackGuard& guard : mounted.pack->guards) {
            types.insert(guard.event_types.begin(), guard.event_types.end());
        }
    }
    return types;
}

http::PackEventRulesPtr event_rules(const std::vector<MountedPack>& packs)
{
    auto rules = std::make_shared<http::PackEventRules>();
    for (const MountedPack& mounted : packs) {
        http::add_event_rules(*rules, *mounted.pack);
    }
    return rules;
}

// States of the past for questions, on sessions and threads of their own: making one takes long.
struct PackServing::Past {
    Past(PostgresOptions sessions, const Settings& settings, http::Services& services,
         SnapshotMetrics& metrics)
        : pool{std::move(sessions)},
          states{services.log,   pool,         threads,  services.clock,          services.stop,
                 services.tasks, fold_metrics, &metrics, reader_options(settings)}
    {
        services.tasks.spawn("past states", states.run());
    }
    ~Past() { threads.join(); }

    static PastStatesOptions reader_options(const Settings& settings)
    {
        PastStatesOptions options;
        options.ledger = settings.ledger.name;
        options.events_max = settings.snapshots.as_of_events_max;
        options.wait = settings.snapshots.as_of_wait;
        options.states_max = settings.snapshots.as_of_states_max;
        options.unused = settings.snapshots.as_of_keep;
        options.load_time_max = settings.snapshots.time_max;
        options.folding.batch_events_max = settings.projector.batch_events_max;
        options.folding.fold_timeout = settings.projector.fold_timeout;
        options.folding.parked_streams_max = settings.projector.parked_streams_max;
        return options;
    }

    prometheus::Registry registry; // of folds that nobody watches
    ProjectorMetrics fold_metrics{registry};
    Pool pool;
    BlockingPool threads{{past_threads, questions_max}};
    PastStates states;
};

PackServing::PackServing(const Settings& settings, const PostgresOptions* postgres,
                         http::Services& services, SnapshotMetrics& metrics)
    : ledger_{settings.ledger.name},
      services_{services},
      threads_{{reader_connections_max, questions_max}},
      turns_{std::make_unique<http::StreamTurns>(services.stop.executor())}
{
    if (postgres != nullptr) {
        PostgresOptions options = *postgres;
        options.connections_max = reader_connections_max;
        options.application_name = application_name;
        pool_ = std::make_unique<Pool>(std::move(options));
        PostgresOptions of_past = *postgres;
        of_past.connections_max = past_connections;
        of_past.application_name = past_name;
        past_ = std::make_unique<Past>(std::move(of_past), settings, services, metrics);
    }
    services_.stream_turns = turns_.get();
}

PackServing::~PackServing()
{
    services_.packs.reset();
    threads_.join();
}

Result<void> PackServing::serve(const std::vector<MountedPack>& packs)
{
    std::vector<http::PackToServe> served;
    for (const MountedPack& mounted : packs) {
        http::PackToServe& one = served.emplace_back();
        one.mounted = mounted;
        if (pool_ == nullptr) {
            continue;
        }
        PackReaderOptions options = reader_options(ledger_, *mounted.pack);
        std::string key = options.pack;
        for (std::size_t at = 0; at < options.projections.size(); ++at) {
            key += " " + options.projections[at] + " " + options.digests[at];
        }
        Tables& tables = tables_[key];
        if (tables.reader == nullptr) {
            tables.reader =
                std::make_unique<PostgresPackReader>(std::move(options), *pool_, threads_);
            tables.reader->use_past(past_->states);
            tables.watch =
                std::make_unique<http::IndexWatch>(*tables.reader, services_.tasks, services_.stop);
        }
        one.reader = tables.reader.get();
        one.watch = tables.watch.get();
    }
    SEAL_TRY(made, http::ServedPacks::make(served, services_.metrics));
    services_.packs = std::move(made);
    return {};
}

} // namespace sealstream
