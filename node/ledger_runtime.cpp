// Long because it is the one list of what a ledger is made of, in the order of its making.

#include "node/ledger_runtime.hpp"

#include "audit/service/auditor.hpp"
#include "audit/service/key_file.hpp"
#include "audit/service/metrics.hpp"
#include "audit/service/standby.hpp"
#include "config/load_packs.hpp"
#include "core/async/backoff.hpp"
#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "core/packs/pack_retention.hpp"
#include "node/audit_view.hpp"
#include "node/feeds/feed_hub.hpp"
#include "node/groups/measured_groups.hpp"
#include "node/http/health.hpp"
#include "node/http/id_lookup.hpp"
#include "node/http/in_flight_ids.hpp"
#include "node/http/index_watch.hpp"
#include "node/http/metrics.hpp"
#include "node/http/routes.hpp"
#include "node/http/services.hpp"
#include "node/outbox_role.hpp"
#include "node/pack_serving.hpp"
#include "node/pack_watch.hpp"
#include "node/projection_watch.hpp"
#include "node/retention_role.hpp"
#include "node/rules/metrics.hpp"
#include "node/rules/pack_registrar.hpp"
#include "node/rules/rulebook_follower.hpp"
#include "node/version.hpp"
#include "node/work_role.hpp"
#include "node/work_watch.hpp"
#include "postgres/append_settings.hpp"
#include "postgres/groups/postgres_consumer_groups.hpp"
#include "postgres/postgres_rejection_log.hpp"
#include "projections/metrics.hpp"
#include "projections/pack_projections.hpp"
#include "projections/postgres_event_index.hpp"
#include "projections/postgres_idempotency_index.hpp"
#include "projections/postgres_projection_admin.hpp"
#include "projections/projector.hpp"
#include "projections/work/postgres_pack_work.hpp"

#include <prometheus/registry.h>

#include <iterator>

namespace sealstream {

namespace {

constexpr int heartbeats_missed_max = 3; // of the auditor that seals, before another goes on
constexpr std::chrono::seconds rules_patience{5}; // of a starting node; then it starts unready

// Owner, lanes, claims and rebuilds (projections/options.hpp); one thread for each that works.
constexpr std::size_t projector_sessions = 12;
constexpr std::size_t projector_threads = 6;

} // namespace

// In the order in which it is made; destruction is the reverse.
struct LedgerRuntime::Parts {
    prometheus::Registry registry;
    std::unique_ptr<RetentionRole> retention;
    std::unique_ptr<PostgresEventIndex> index;
    std::unique_ptr<PostgresConsumerGroups> groups;
    std::unique_ptr<MeasuredGroups> measured_groups;
    std::unique_ptr<PostgresIdempotencyIndex> idempotency_index;
    std::unique_ptr<PostgresProjectionAdmin> projections;
    std::unique_ptr<ProjectionWatch> projection_watch;
    std::unique_ptr<PostgresPackWork> pack_work;
    std::unique_ptr<WorkWatch> work_watch;
    std::unique_ptr<http::IdLookup> id_lookup;
    std::unique_ptr<http::InFlightIds> in_flight;
    std::unique_ptr<http::IndexWatch> index_watch;
    std::unique_ptr<Signer> signer;
    std::unique_ptr<AuditorMetrics> auditor_metrics;
    std::unique_ptr<Auditor> auditor;
    SnapshotMetrics snapshot_metrics{registry};
    std::unique_ptr<ProjectorMetrics> projector_metrics;
    std::unique_ptr<Pool> projector_pool;
    std::unique_ptr<BlockingPool> projector_threads;
    std::unique_ptr<Projector> projector;
    std::unique_ptr<OutboxRole> relay;
    std::unique_ptr<AuditView> view;
    std::unique_ptr<FeedHub> hub;
    std::unique_ptr<RulebookFollower> rules;
    std::unique_ptr<RulebookMetrics> rules_metrics;
    std::unique_ptr<PostgresRejectionLog> rejections;
    std::unique_ptr<http::HttpMetrics> http_metrics;
    std::unique_ptr<http::Services> services;
    std::unique_ptr<WorkRole> work;
    std::unique_ptr<PackServing> pack_serving;
    std::unique_ptr<PackWatch> pack_watch;
};

LedgerRuntime::LedgerRuntime(const Settings& settings, std::string base_path, RuntimeShared& shared)
    : settings_{settings},
      base_path_{std::move(base_path)},
      shared_{shared},
      parts_{std::make_unique<Parts>()}
{
}

LedgerRuntime::~LedgerRuntime() = default;

Task<Result<void>> LedgerRuntime::start()
{
    SEAL_CO_TRY(packs, load_packs(settings_));
    packs_ = std::move(packs);
    add_packs(settings_, packs_);
    SEAL_CO_TRY(stores, co_await open_stores(settings_, shared_.stores));
    stores_ = std::move(stores);
    SEAL_CO_TRY_VOID(co_await start_retention());
    if (settings_.profile == Profile::single_database) {
        SEAL_CO_TRY_VOID(co_await tell_refused_types());
    }
    if (stores_.pool != nullptr) {
        parts_->index = std::make_unique<PostgresEventIndex>(settings_.ledger.name, *stores_.pool,
                                                             shared_.stores.threads);
        GroupsOptions groups;
        groups.ledger = settings_.ledger.name;
        groups.bounds = settings_.groups;
        parts_->groups = std::make_unique<PostgresConsumerGroups>(
            std::move(groups), *stores_.log, *stores_.pool, shared_.stores.threads);
        parts_->projections = std::make_unique<PostgresProjectionAdmin>(
            settings_.ledger.name, *stores_.log, *stores_.pool, shared_.stores.threads,
            shared_.stores.clock);
        parts_->pack_work =
            std::make_unique<PostgresPackWork>(name(), *stores_.pool, shared_.stores.threads);
        parts_->idempotency_index = std::make_unique<PostgresIdempotencyIndex>(
            settings_.ledger.name, *stores_.pool, shared_.stores.threads);
    }
    if (settings_.roles.is_auditor) {
        SEAL_CO_TRY_VOID(start_auditor());
    }
    if (settings_.roles.is_projector) {
        if (stores_.pool == nullptr) {
            co_return Error{Errc::malformed, "the projector needs postgres.uri or postgres.host"};
        }
        shared_.roles.spawn("projector", project());
        if (parts_->retention != nullptr) {
            shared_.roles.spawn("retention",
                                parts_->retention->run(shared_.ids, shared_.stop_roles));
        }
    }
    const bool is_relay = settings_.roles.is_relay && settings_.profile == Profile::cluster &&
                          stores_.pool != nullptr;
    const bool has_work = settings_.roles.is_projector && !packs_.empty();
    if (is_relay || has_work || settings_.roles.is_node) {
        parts_->id_lookup = std::make_unique<http::IdLookup>(
            *stores_.stored, parts_->idempotency_index.get(), shared_.stores.clock, shared_.appends,
            shared_.stores.home, settings_.id_lookup);
        start_rules();
    }
    if (is_relay) {
        start_relay();
    }
    if (has_work) {
        parts_->work = std::make_unique<WorkRole>(settings_, stores_, shared_.stores,
                                                  shared_.stop_roles, ledger_admission(), packs_);
        shared_.roles.spawn("work", parts_->work->run());
    }
    if (settings_.roles.is_node) {
        start_node();
        SEAL_CO_TRY_VOID(parts_->pack_serving->serve(packs_));
        const auto read = co_await parts_->rules->applied(Position{}, rules_patience);
        if (!read) {
            sealstream::log(Level::warn, "rulebook.waited_for", "node",
                            {{"ledger", name()}, {"why", describe(read.error())}});
        }
        const auto registered = co_await register_packs();
        if (!registered && !info(registered.error().code).is_retryable) {
            co_return registered.error();
        }
        if (!registered) {
            shared_.roles.spawn("packs", keep_registering());
        }
        if (settings_.packs.watch.count() != 0 && !packs_.empty()) {
            parts_->pack_watch = std::make_unique<PackWatch>(
                settings_, packs_, shared_.stores.threads, shared_.stop_roles,
                [this](PackSet edited) { return take_over(std::move(edited)); });
            shared_.roles.spawn("pack watch", parts_->pack_watch->run());
        }
    }
    co_return Result<void>{};
}

// Edited packs: their rules, their routes, then their tables, which are built beside the old ones.
Task<Result<void>> LedgerRuntime::take_over(PackSet packs)
{
    if (chained_types(packs) != chained_types(packs_) ||
        conditional_types(packs) != conditional_types(packs_)) {
        co_return Error{Errc::unsupported, "chain and condition of stream types need a restart"};
    }
    PackSet before = std::exchange(packs_, std::move(packs));
    auto taken = co_await register_packs();
    if (taken) {
        taken = parts_->pack_serving->serve(packs_);
    }
    if (!taken) {
        packs_ = std::move(before);
        co_return taken;
    }
    if (parts_->projector != nullptr) {
        parts_->projector->declare(declared_folds());
    }
    if (parts_->work != nullptr) {
        parts_->work->declare(packs_);
    }
    if (parts_->retention != nullptr) {
        parts_->retention->use(packs_);
    }
    co_return Result<void>{};
}

std::vector<Projection> LedgerRuntime::declared_folds() const
{
    std::vector<Projection> folds{event_index_projection()};
    for (const MountedPack& mounted : packs_) {
        auto of_pack = pack_projections(*mounted.pack);
        std::move(of_pack.begin(), of_pack.end(), std::back_inserter(folds));
    }
    return folds;
}

// What the packs declare becomes rules of the ledger (node/rules/pack_registrar.hpp).
Task<Result<void>> LedgerRuntime::register_packs()
{
    const SchemaEditLimits limits{settings_.policy.types_max, settings_.policy.schema_versions_max,
                                  settings_.policy.apply_wait_max};
    for (const auto& mounted : packs_) {
        auto pack = mounted.pack;
        SEAL_CO_TRY(done, co_await register_pack(*stores_.log, *parts_->rules, shared_.ids,
                                                 std::move(pack), limits));
        for (const auto& kept : done.kept) {
            sealstream::log(Level::warn, "pack.rule_kept", "node",
                            {{"ledger", name()}, {"pack", mounted.pack->name}, {"rule", kept}});
        }
        sealstream::log(Level::info, "pack.registered", "node",
                        {{"ledger", name()},
                         {"pack", mounted.pack->name},
                         {"version", mounted.pack->version},
                         {"edits", done.edits}});
    }
    packs_fault_.clear();
    co_return Result<void>{};
}

// For a node that starts before its log answers; until then it is not ready.
Task<void> LedgerRuntime::keep_registering()
{
    Backoff backoff{BackoffOptions{}};
    while (!shared_.stop_roles.requested()) {
        co_await shared_.stop_roles.sleep_for(backoff.next());
        const auto registered = co_await register_packs();
        if (registered) {
            co_return;
        }
        packs_fault_ = describe(registered.error());
        if (!info(registered.error().code).is_retryable) {
            sealstream::log(Level::error, "pack.not_registered", "node",
                            {{"ledger", name()}, {"why", packs_fault_}});
            co_return;
        }
    }
}

// Payloads with a retention class are kept in clear as long as no key may wrap theirs.
Task<Result<void>> LedgerRuntime::start_retention()
{
    const Roles& roles = settings_.roles;
    const bool reads_payloads =
        roles.is_node || roles.is_projector || (roles.is_relay && stores_.pool != nullptr);
    if (!reads_payloads) {
        co_return Result<void>{};
    }
    if (settings_.retention.key_file.empty()) {
        if (!retention_rules(packs_).classes.empty()) {
            sealstream::log(Level::warn, "retention.off", "node",
                            {{"ledger", name()}, {"why", "retention.key_file is not set"}});
        }
        co_return Result<void>{};
    }
    SEAL_CO_TRY(opened, co_await RetentionRole::open(settings_, packs_, stores_, shared_.stores));
    parts_->retention = std::move(opened);
    co_return Result<void>{};
}

// To the SQL function that appends without asking guards, and without encrypting.
Task<Result<void>> LedgerRuntime::tell_refused_types()
{
    const auto types = guarded_types(packs_);
    RetentionRules encrypted;
    if (parts_->retention != nullptr) {
        encrypted = retention_rules(packs_);
    }
    auto write = [ledger = name(), list = std::vector<std::string>{types.begin(), types.end()},
                  encrypted = std::move(encrypted)](Connection& connection) -> Result<void> {
        SEAL_TRY_VOID(write_guarded_types(connection, ledger, list));
        return tell_encrypted_types(connection, ledger, encrypted);
    };
    auto written =
        co_await with_connection(shared_.stores.threads, *stores_.pool, std::move(write));
    co_return written;
}

Result<void> LedgerRuntime::start_auditor()
{
    if (settings_.auditor.key_file.empty()) {
        return Error{Errc::malformed, "the auditor of ledger " + name() +
                                          " needs auditor.key_file; make one with "
                                          "`sealstream keys generate`"};
    }
    SEAL_TRY(key, load_signing_key(settings_.auditor.key_file));
    if (!settings_.auditor.origin.empty() && settings_.auditor.origin != key.name) {
        return Error{Errc::malformed, "auditor.origin is " + settings_.auditor.origin +
                                          ", but the key is of " + key.name};
    }
    const Clock& clock = shared_.stores.clock;
    SignerOptions signer;
    signer.memory_file = settings_.auditor.key_file.string() + ".signed";
    parts_->signer = std::make_unique<Signer>(*stores_.audit, clock, std::move(key), signer);
    AuditorOptions options;
    options.checkpoint_events = settings_.auditor.checkpoint_events;
    options.checkpoint_interval = settings_.auditor.checkpoint_wait;
    options.heartbeat_interval = settings_.auditor.heartbeat;
    parts_->auditor_metrics = std::make_unique<AuditorMetrics>(parts_->registry);
    parts_->auditor =
        std::make_unique<Auditor>(*stores_.stored, *stores_.audit, *parts_->signer, clock,
                                  shared_.stop_roles, options, *parts_->auditor_metrics);
    StandbyOptions standby;
    standby.silence_max = settings_.auditor.heartbeat * heartbeats_missed_max;
    shared_.roles.spawn("auditor", run_or_stand_by(*parts_->auditor, *stores_.audit, clock,
                                                   shared_.stop_roles, standby));
    return {};
}

Task<void> LedgerRuntime::project()
{
    const auto migrated = co_await migrate_patiently(*stores_.pool, shared_.stores);
    if (!migrated) {
        if (migrated.error().code != Errc::shutting_down) {
            sealstream::log(Level::error, "projector.not_started", "node",
                            {{"ledger", name()}, {"why", describe(migrated.error())}});
        }
        co_return;
    }
    ProjectorOptions options;
    options.ledger = settings_.ledger.name;
    options.batch_events_max = settings_.projector.batch_events_max;
    options.fold_timeout = settings_.projector.fold_timeout;
    options.parked_streams_max = settings_.projector.parked_streams_max;
    options.lanes_max = settings_.projector.lanes_max;
    parts_->projector_metrics = std::make_unique<ProjectorMetrics>(parts_->registry);
    auto folds = declared_folds();
    // Of its own: a fold may keep a session and a thread busy for long.
    PostgresOptions sessions = stores_.pool->options();
    sessions.connections_max = projector_sessions;
    parts_->projector_pool = std::make_unique<Pool>(std::move(sessions));
    parts_->projector_threads =
        std::make_unique<BlockingPool>(BlockingPoolOptions{projector_threads, 1'024});
    parts_->projector = std::make_unique<Projector>(
        *stores_.log, *parts_->projector_pool, *parts_->projector_threads, shared_.stores.clock,
        shared_.stop_roles, options, *parts_->projector_metrics, std::move(folds));
    parts_->projector->set_snapshots({settings_.snapshots.events, settings_.snapshots.interval,
                                      settings_.snapshots.keep, settings_.snapshots.time_max},
                                     &parts_->snapshot_metrics);
    co_await parts_->projector->run();
    parts_->projector_threads->join();
}

void LedgerRuntime::start_rules()
{
    parts_->rules = std::make_unique<RulebookFollower>(shared_.stores.home, *stores_.log,
                                                       shared_.stores.clock, RulebookOptions{});
    parts_->rules->start(shared_.feeds);
    parts_->rules_metrics = std::make_unique<RulebookMetrics>(parts_->registry);
    if (stores_.pool != nullptr) {
        RejectionLogOptions options;
        options.ledger = name();
        options.keep = std::chrono::hours{24} * settings_.policy.rejections_keep_days;
        parts_->rejections = std::make_unique<PostgresRejectionLog>(
            std::move(options), *stores_.pool, shared_.stores.threads);
        shared_.roles.spawn("rejections schema", prepare_rejections());
    }
}

// The forensic log must not wait for a projector to make its tables. Until they are there, who
// would be refused is asked to come again.
Task<void> LedgerRuntime::prepare_rejections()
{
    const auto migrated = co_await migrate_patiently(*stores_.pool, shared_.stores);
    if (!migrated && migrated.error().code != Errc::shutting_down) {
        sealstream::log(Level::error, "rejections.not_prepared", "node",
                        {{"ledger", name()}, {"why", describe(migrated.error())}});
    }
}

// Of those who append without HTTP.
http::AdmissionParts LedgerRuntime::ledger_admission() const
{
    http::AdmissionParts admission{parts_->rules.get(), parts_->rejections.get(),
                                   &settings_.policy};
    admission.log = stores_.log.get();
    admission.id_lookup = parts_->id_lookup.get();
    admission.guarded_types = guarded_types(packs_);
    admission.pack_events = event_rules(packs_);
    return admission;
}

void LedgerRuntime::start_relay()
{
    parts_->relay =
        std::make_unique<OutboxRole>(settings_, stores_, shared_.stores, shared_.stop_roles,
                                     parts_->registry, ledger_admission());
    shared_.roles.spawn("relay", parts_->relay->run());
}

void LedgerRuntime::start_node()
{
    parts_->view = std::make_unique<AuditView>(*stores_.stored, *stores_.audit);
    FeedHubOptions feed_options;
    feed_options.ring_bytes_max = settings_.feeds.ring_bytes_max;
    feed_options.history_readers_max = settings_.feeds.history_readers_max;
    feed_options.log_away_max = settings_.feeds.log_away_max;
    parts_->hub = std::make_unique<FeedHub>(shared_.stores.home, *stores_.log, feed_options);
    parts_->hub->start(shared_.feeds);
    shared_.health.add_check(base_path_.empty() ? "rulebook" : "rulebook of " + name(),
                             [this] { return parts_->rules->fault(); });
    packs_fault_ = packs_.empty() ? "" : "not registered yet";
    shared_.health.add_check(base_path_.empty() ? "packs" : "packs of " + name(),
                             [this] { return packs_fault_; });
    parts_->http_metrics =
        std::make_unique<http::HttpMetrics>(parts_->registry, http::route_labels());
    shared_.health.add_check(base_path_.empty() ? "log" : "log of " + name(), [this] {
        return stores_.is_connected() ? std::string{} : std::string{"not connected to NATS"};
    });
    parts_->services.reset(new http::Services{
        *stores_.log, parts_->index.get(), parts_->view.get(), shared_.stores.clock, shared_.ids,
        *parts_->hub, *parts_->http_metrics, shared_.health, shared_.stop_http, shared_.appends,
        settings_.limits, settings_.feeds, settings_.ledger.name});
    parts_->services->required_conditions = settings_.ledger.required_conditions;
    parts_->services->base_path = base_path_;
    parts_->services->rules = parts_->rules.get();
    parts_->services->policy = settings_.policy;
    parts_->services->rejections = parts_->rejections.get();
    if (parts_->groups != nullptr) {
        parts_->measured_groups = std::make_unique<MeasuredGroups>(
            *parts_->groups, parts_->registry, shared_.stores.clock, shared_.stop_roles,
            MeasuredGroupsOptions{});
        shared_.roles.spawn("group metrics", parts_->measured_groups->watch());
    }
    parts_->services->groups = parts_->measured_groups.get();
    parts_->services->projections = parts_->projections.get();
    parts_->services->pack_work = parts_->pack_work.get();
    if (parts_->pack_work != nullptr) {
        parts_->work_watch = std::make_unique<WorkWatch>(*parts_->pack_work, shared_.stop_roles,
                                                         parts_->registry, WorkWatchOptions{});
        shared_.roles.spawn("work watch", parts_->work_watch->run());
    }
    parts_->services->version = std::string{version_text};
    parts_->services->request_drain = shared_.request_stop;
    parts_->in_flight = std::make_unique<http::InFlightIds>(settings_.id_lookup.in_flight_ids_max);
    parts_->services->id_lookup = parts_->id_lookup.get();
    parts_->services->in_flight = parts_->in_flight.get();
    if (parts_->projections != nullptr) {
        parts_->projection_watch = std::make_unique<ProjectionWatch>(
            *parts_->projections, *stores_.log, shared_.stop_roles, parts_->registry,
            ProjectionWatchOptions{});
        shared_.roles.spawn("projection watch", parts_->projection_watch->run());
    }
    if (parts_->index != nullptr) {
        parts_->index_watch =
            std::make_unique<http::IndexWatch>(*parts_->index, shared_.appends, shared_.stop_http);
        parts_->services->index_watch = parts_->index_watch.get();
    }
    parts_->pack_serving = std::make_unique<PackServing>(
        settings_, stores_.pool != nullptr ? &stores_.pool->options() : nullptr, *parts_->services,
        parts_->snapshot_metrics);
}

void LedgerRuntime::close_feeds()
{
    if (parts_->hub != nullptr) {
        parts_->hub->close();
    }
    if (parts_->rules != nullptr) {
        parts_->rules->close();
    }
}

void LedgerRuntime::close_stores()
{
    if (stores_.log != nullptr) {
        stores_.log->close();
        stores_.close_audit();
    }
}

EventIndex& LedgerRuntime::index()
{
    SEAL_CHECK(parts_->index != nullptr, "whoever asks for the index has configured Postgres");
    return *parts_->index;
}

const AuditorStatus* LedgerRuntime::auditor_status() const
{
    return parts_->auditor != nullptr ? &parts_->auditor->status() : nullptr;
}

http::Services& LedgerRuntime::services()
{
    SEAL_CHECK(parts_->services != nullptr, "only a node has HTTP services");
    return *parts_->services;
}

LedgerMetrics LedgerRuntime::metrics()
{
    return {name(), &parts_->registry, [this] {
                if (parts_->rules != nullptr) {
                    parts_->rules_metrics->show(*parts_->rules);
                }
                if (parts_->hub != nullptr) {
                    parts_->http_metrics->feed_ring(parts_->hub->ring_bytes(),
                                                    parts_->hub->tail().value,
                                                    parts_->hub->silence());
                }
            }};
}

} // namespace sealstream
