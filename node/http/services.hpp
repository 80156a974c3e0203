#pragma once

// What handlers may use: ports and the node's own parts. The wiring owns everything here and
// outlives the server.

#include "core/async/stop.hpp"
#include "core/async/task_group.hpp"
#include "core/ports/consumer_groups.hpp"
#include "core/ports/event_index.hpp"
#include "core/ports/event_log.hpp"
#include "core/ports/ledger_auditor.hpp"
#include "core/ports/pack_work.hpp"
#include "core/ports/projection_admin.hpp"
#include "core/ports/rejection_log.hpp"
#include "node/http/health.hpp"
#include "node/http/metrics.hpp"
#include "node/http/options.hpp"
#include "node/security/gate.hpp"

#include <functional>
#include <map>
#include <memory>

namespace sealstream {
class FeedHub;
class RulebookFollower;
} // namespace sealstream

namespace sealstream::http {

class IdLookup;
class InFlightIds;
class IndexWatch;
class ServedPacks;
class StreamTurns;

struct Services {
    EventLog& log;
    EventIndex* index{nullptr};      // null: filters and event by id answer 503
    LedgerAuditor* auditor{nullptr}; // null: verify, proof and checkpoint answer 503
    const Clock& clock;
    EventIdSource& ids;
    FeedHub& feeds;
    HttpMetrics& metrics;
    Health& health;
    Stop& stop;       // requested: feeds and long-polls end with their cursor
    TaskGroup& tasks; // appends of a bulk that run side by side
    Limits limits;
    FeedOptions feed_options;
    std::string ledger{"main"};
    std::string base_path{};               // "/ledgers/ops"; empty for the ledger at "/"
    ConditionPolicy required_conditions{}; // stream types that take no append without one
    std::map<std::string, Services*, std::less<>> other_ledgers{}; // only in that one
    std::string default_source{"local"}; // of requests from loopback that name none
    std::string version{"0"};
    std::function<void()> request_drain{}; // POST /drain: the same path as SIGTERM
    // Of the ledgers that may be shown; empty: only `metrics`.
    std::function<std::string(const std::function<bool(std::string_view ledger)>&)> metrics_text{};
    security::Gate* gate{&security::Gate::loopback_only()}; // who a request is from
    RulebookFollower* rules{nullptr};                       // null: only reserved names are refused
    RejectionLog* rejections{nullptr}; // null: refusals are logged and counted, nothing more
    PolicyOptions policy{};
    ProjectionAdmin* projections{nullptr};      // null: they answer 503
    PackWork* pack_work{nullptr};               // null: invariants and schedules answer 503
    ConsumerGroups* groups{nullptr};            // null: they answer 503
    IdLookup* id_lookup{nullptr};               // null: repeats are recognised by the log alone
    IndexWatch* index_watch{nullptr};           // null exactly when `index` is
    InFlightIds* in_flight{nullptr};            // null: nothing is refused as in_progress
    std::shared_ptr<const ServedPacks> packs{}; // null: none; replaced as a whole
    StreamTurns* stream_turns{nullptr};         // null: guarded appends meet in the log
};

} // namespace sealstream::http
