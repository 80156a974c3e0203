#include "node/pack_serving.hpp"

#include "node/http/packs/guard_stage.hpp"
#include "node/http/packs/served_packs.hpp"
#include "projections/pack_projections.hpp"
#include "projections/postgres_pack_reader.hpp"

namespace sealstream {

namespace {

constexpr std::size_t connections_max = 4; // of one ledger's packs, and as many threads
constexpr std::size_t questions_max = 256; // waiting for one of them; beyond it: overloaded
constexpr std::string_view application_name = "sealstream packs";

PackReaderOptions options_of(const std::string& ledger, const Pack& pack)
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

PackServing::PackServing(std::string ledger, const PostgresOptions* postgres,
                         http::Services& services)
    : ledger_{std::move(ledger)},
      services_{services},
      threads_{{connections_max, questions_max}},
      turns_{std::make_unique<http::StreamTurns>(services.stop.executor())}
{
    if (postgres != nullptr) {
        PostgresOptions options = *postgres;
        options.connections_max = connections_max;
        options.application_name = application_name;
        pool_ = std::make_unique<Pool>(std::move(options));
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
        PackReaderOptions options = options_of(ledger_, *mounted.pack);
        std::string key = options.pack;
        for (std::size_t at = 0; at < options.projections.size(); ++at) {
            key += " " + options.projections[at] + " " + options.digests[at];
        }
        Tables& tables = tables_[key];
        if (tables.reader == nullptr) {
            tables.reader =
                std::make_unique<PostgresPackReader>(std::move(options), *pool_, threads_);
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
