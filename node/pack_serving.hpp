#pragma once

// The packs of one ledger, wired for its HTTP front end: a reader for the tables of each, and all
// their routes. Replacing packs while requests run is safe: readers and watches are kept.

#include "core/async/blocking_pool.hpp"
#include "core/async/stop.hpp"
#include "core/async/task_group.hpp"
#include "core/packs/pack.hpp"
#include "node/http/packs/pack_event_rules.hpp"
#include "postgres/pool.hpp"

#include <map>
#include <memory>
#include <set>

namespace sealstream {

class PostgresPackReader;
class SnapshotMetrics;
struct Settings;
namespace http {
struct Services;
class IndexWatch;
class StreamTurns;
} // namespace http

// The event types that guards stand before.
[[nodiscard]] std::set<std::string, std::less<>>
guarded_types(const std::vector<MountedPack>& packs);

// What they say about events of their types.
[[nodiscard]] http::PackEventRulesPtr event_rules(const std::vector<MountedPack>& packs);

class PackServing {
public:
    // `postgres` is null where the ledger has none: then queries and guards answer 503. `metrics`
    // outlives this.
    PackServing(const Settings& settings, const PostgresOptions* postgres, http::Services& services,
                SnapshotMetrics& metrics);
    ~PackServing();
    PackServing(const PackServing&) = delete;
    PackServing& operator=(const PackServing&) = delete;

    //   malformed   two claims to one route: names both. What was served before is served on
    [[nodiscard]] Result<void> serve(const std::vector<MountedPack>& packs);

private:
    struct Tables {
        std::unique_ptr<PostgresPackReader> reader;
        std::unique_ptr<http::IndexWatch> watch;
    };
    struct Past;

    const std::string ledger_;
    http::Services& services_;
    std::unique_ptr<Past> past_; // null exactly when pool_ is
    std::unique_ptr<Pool> pool_; // of its own: a slow query keeps nobody else from the database
    BlockingPool threads_;
    std::map<std::string, Tables> tables_; // by pack and its projections; never removed
    std::unique_ptr<http::StreamTurns> turns_;
};

} // namespace sealstream
