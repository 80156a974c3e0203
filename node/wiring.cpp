#include "node/wiring.hpp"

#include "audit/service/auditor.hpp"
#include "audit/service/key_file.hpp"
#include "audit/service/metrics.hpp"
#include "audit/service/standby.hpp"
#include "core/async/blocking_pool.hpp"
#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "node/audit_view.hpp"
#include "node/feeds/feed_hub.hpp"
#include "node/http/health.hpp"
#include "node/http/metrics.hpp"
#include "node/http/routes.hpp"
#include "node/http/server.hpp"
#include "node/stores.hpp"
#include "node/version.hpp"
#include "projections/metrics.hpp"
#include "projections/postgres_event_index.hpp"
#include "projections/projector.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <prometheus/registry.h>

#include <csignal>

namespace sealstream {

namespace {

constexpr std::chrono::seconds drain_longest{20};
constexpr std::chrono::seconds roles_longest{15};
constexpr std::size_t pool_threads = 6;
constexpr int heartbeats_missed_max = 3; // of the auditor that seals, before another goes on

// Everything, in the order in which it is made; destruction is the reverse.
class Process final : public Parts {
public:
    explicit Process(const Settings& settings) : settings_{settings} {}

    Result<void> run(std::function<Task<void>(Parts&)> inside)
    {
        signals_.async_wait([this](boost::system::error_code failed, int number) {
            if (!failed) {
                log_signal(number);
                stop();
                second_signal();
            }
        });
        inside_ = std::move(inside);
        boost::asio::co_spawn(context_, main(), [this](const std::exception_ptr& thrown) {
            SEAL_CHECK(!thrown, "the main task never throws");
            signals_.cancel();
        });
        context_.run();
        threads_.join();
        return outcome_;
    }

    EventLog& log() override { return *stores_.log; }
    AuditLog& audit() override { return *stores_.audit; }
    EventIndex& index() override
    {
        SEAL_CHECK(index_ != nullptr, "whoever asks for the index has configured Postgres");
        return *index_;
    }
    const AuditorStatus* auditor_status() const override
    {
        return auditor_ != nullptr ? &auditor_->status() : nullptr;
    }
    boost::asio::any_io_executor executor() override { return context_.get_executor(); }
    const Clock& clock() const override { return clock_; }
    bool is_stopping() const override { return stop_.requested(); }
    std::string url() const override
    {
        return server_ != nullptr
                   ? "http://" + settings_.http.address + ":" + std::to_string(server_->port())
                   : std::string{};
    }
    std::string admin_url() const override
    {
        return server_ != nullptr ? "http://" + settings_.http.admin_address + ":" +
                                        std::to_string(server_->admin_port())
                                  : std::string{};
    }
    void stop() override { stop_.request(); }

private:
    void log_signal(int number)
    {
        sealstream::log(Level::info, "process.stopping", "node", {{"signal", number}});
    }
    void second_signal()
    {
        signals_.async_wait([](boost::system::error_code failed, int) {
            if (!failed) {
                std::_Exit(130); // asked twice: at once
            }
        });
    }

    Task<void> main()
    {
        outcome_ = co_await start();
        if (outcome_) {
            if (inside_) {
                inside_tasks_.spawn("inside", inside_(*this));
            }
            while (!stop_.requested()) {
                co_await stop_.sleep_for(std::chrono::hours{1});
            }
        }
        co_await finish();
    }

    Task<Result<void>> start()
    {
        const StoresContext context{context_.get_executor(), clock_, threads_, store_tasks_, stop_};
        SEAL_CO_TRY(stores, co_await open_stores(settings_, context));
        stores_ = std::move(stores);
        if (stores_.pool != nullptr) {
            index_ = std::make_unique<PostgresEventIndex>(settings_.ledger.name, *stores_.pool,
                                                          threads_);
        }
        if (settings_.roles.is_auditor) {
            SEAL_CO_TRY_VOID(start_auditor());
        }
        if (settings_.roles.is_projector) {
            if (stores_.pool == nullptr) {
                co_return Error{Errc::malformed,
                                "the projector needs postgres.uri or postgres.host"};
            }
            roles_.spawn("projector", project(context));
        }
        if (settings_.roles.is_node) {
            SEAL_CO_TRY_VOID(start_node());
        }
        co_return Result<void>{};
    }

    Result<void> start_auditor()
    {
        if (settings_.auditor.key_file.empty()) {
            return Error{Errc::malformed, "the auditor needs auditor.key_file; make one with "
                                          "`sealstream keys generate`"};
        }
        SEAL_TRY(key, load_signing_key(settings_.auditor.key_file));
        if (!settings_.auditor.origin.empty() && settings_.auditor.origin != key.name) {
            return Error{Errc::malformed, "auditor.origin is " + settings_.auditor.origin +
                                              ", but the key is of " + key.name};
        }
        SignerOptions signer;
        signer.memory_file = settings_.auditor.key_file.string() + ".signed";
        signer_ = std::make_unique<Signer>(*stores_.audit, clock_, std::move(key), signer);
        AuditorOptions options;
        options.checkpoint_events = settings_.auditor.checkpoint_events;
        options.checkpoint_interval = settings_.auditor.checkpoint_wait;
        options.heartbeat_interval = settings_.auditor.heartbeat;
        auditor_metrics_ = std::make_unique<AuditorMetrics>(registry_);
        auditor_ = std::make_unique<Auditor>(*stores_.log, *stores_.audit, *signer_, clock_,
                                             stop_roles_, options, *auditor_metrics_);
        StandbyOptions standby;
        standby.silence_max = settings_.auditor.heartbeat * heartbeats_missed_max;
        roles_.spawn("auditor",
                     run_or_stand_by(*auditor_, *stores_.audit, clock_, stop_roles_, standby));
        return {};
    }

    Task<void> project(StoresContext context)
    {
        const auto migrated = co_await migrate_patiently(*stores_.pool, context);
        if (!migrated) {
            if (migrated.error().code != Errc::shutting_down) {
                sealstream::log(Level::error, "projector.not_started", "node",
                                {{"why", describe(migrated.error())}});
            }
            co_return;
        }
        ProjectorOptions options;
        options.ledger = settings_.ledger.name;
        options.batch_events_max = settings_.projector.batch_events_max;
        projector_metrics_ = std::make_unique<ProjectorMetrics>(registry_);
        projector_ = std::make_unique<Projector>(*stores_.log, *stores_.pool, threads_, clock_,
                                                 stop_roles_, options, *projector_metrics_);
        co_await projector_->run();
    }

    Result<void> start_node()
    {
        view_ = std::make_unique<AuditView>(*stores_.log, *stores_.audit);
        FeedHubOptions feed_options;
        feed_options.ring_bytes_max = settings_.feeds.ring_bytes_max;
        hub_ = std::make_unique<FeedHub>(context_.get_executor(), *stores_.log, feed_options);
        hub_->start(hub_tasks_);
        http_metrics_ = std::make_unique<http::HttpMetrics>(registry_, http::route_labels());
        health_.add_check("log", [this] {
            return stores_.is_connected() ? std::string{} : std::string{"not connected to NATS"};
        });
        services_.reset(new http::Services{
            *stores_.log, index_.get(), view_.get(), clock_, ids_, *hub_, *http_metrics_, health_,
            stop_http_, append_tasks_, settings_.limits, settings_.feeds, settings_.ledger.name,
            "local", std::string{version_text}, [this] { stop(); }});
        server_ =
            std::make_unique<http::Server>(context_.get_executor(), settings_.http, *services_);
        SEAL_TRY_VOID(server_->start());
        is_serving_ = true;
        health_.set_started();
        sealstream::log(Level::info, "node.listening", "node",
                        {{"url", url()}, {"admin_url", admin_url()}});
        return {};
    }

    Task<void> finish()
    {
        stop_.request();
        if (is_serving_) {
            const std::size_t cut = co_await server_->drain(drain_longest);
            stage("node.drained", {{"connections_cut", cut}});
        }
        co_await append_tasks_.wait_idle(roles_longest);
        if (hub_ != nullptr) {
            hub_->close();
            co_await hub_tasks_.wait_idle(roles_longest);
        }
        co_await inside_tasks_.wait_idle(roles_longest);
        stop_roles_.request();
        const std::size_t left = co_await roles_.wait_idle(roles_longest);
        stage("roles.stopped", {{"left", left}});
        if (stores_.log != nullptr) {
            stores_.log->close();
            stores_.close_audit();
        }
        co_await store_tasks_.wait_idle(roles_longest);
        const bool is_idle = roles_.running() + store_tasks_.running() + hub_tasks_.running() +
                                 append_tasks_.running() + inside_tasks_.running() ==
                             0;
        if (!is_idle) {
            std::_Exit(1); // what is left can not be destroyed safely, and everything is durable
        }
        stage("stores.closed", {});
    }

    void stage(std::string_view event, std::initializer_list<LogField> fields)
    {
        sealstream::log(Level::info, event, "node", fields);
    }

    const Settings& settings_;
    SystemClock clock_;
    EventIdSource ids_{clock_};
    boost::asio::io_context context_{1};
    boost::asio::signal_set signals_{context_, SIGINT, SIGTERM};
    BlockingPool threads_{{pool_threads, 4'096}};
    Stop stop_{context_.get_executor()};       // wished for
    Stop stop_http_{context_.get_executor()};  // requested by the drain
    Stop stop_roles_{context_.get_executor()}; // after the drain
    TaskGroup store_tasks_{context_.get_executor()};
    TaskGroup roles_{context_.get_executor()};
    TaskGroup hub_tasks_{context_.get_executor()};
    TaskGroup append_tasks_{context_.get_executor()};
    TaskGroup inside_tasks_{context_.get_executor()};
    prometheus::Registry registry_;
    Stores stores_;
    std::unique_ptr<PostgresEventIndex> index_;
    std::unique_ptr<Signer> signer_;
    std::unique_ptr<AuditorMetrics> auditor_metrics_;
    std::unique_ptr<Auditor> auditor_;
    std::unique_ptr<ProjectorMetrics> projector_metrics_;
    std::unique_ptr<Projector> projector_;
    std::unique_ptr<AuditView> view_;
    std::unique_ptr<FeedHub> hub_;
    std::unique_ptr<http::HttpMetrics> http_metrics_;
    http::Health health_;
    std::unique_ptr<http::Services> services_;
    std::unique_ptr<http::Server> server_;
    std::function<Task<void>(Parts&)> inside_;
    Result<void> outcome_{};
    bool is_serving_{false};
};

} // namespace

Result<void> run_process(const Settings& settings, std::function<Task<void>(Parts&)> inside)
{
    Process process{settings};
    return process.run(std::move(inside));
}

namespace {

Task<Result<int>> use_stores(const Settings& settings, StoresContext context,
                             std::function<Task<Result<int>>(ToolParts)> inside)
{
    SEAL_CO_TRY(stores, co_await open_stores(settings, context));
    Stop work_stop{context.home};
    const ToolParts parts{*stores.log,     *stores.audit, stores.pool.get(),
                          context.threads, work_stop,     context.clock};
    auto outcome = co_await inside(parts);
    stores.log->close();
    stores.close_audit();
    co_await context.tasks.wait_idle(roles_longest);
    co_return outcome;
}

} // namespace

Result<int> run_tool(const Settings& settings, std::chrono::milliseconds longest,
                     std::function<Task<Result<int>>(ToolParts)> inside)
{
    boost::asio::io_context context{1};
    const SystemClock clock;
    BlockingPool threads{{2, 64}};
    TaskGroup tasks{context.get_executor()};
    Result<int> outcome{Error{Errc::internal, "the tool did not end"}};
    Stop patience_ends{context.get_executor()};
    const StoresContext stores{context.get_executor(), clock, threads, tasks, patience_ends};
    boost::asio::steady_timer patience{context};
    patience.expires_after(longest);
    patience.async_wait([&](boost::system::error_code failed) {
        if (!failed) {
            patience_ends.request(); // of waiting for stores; the work has no limit
        }
    });
    boost::asio::co_spawn(context, use_stores(settings, stores, std::move(inside)),
                          [&](const std::exception_ptr& thrown, Result<int> ended) {
                              SEAL_CHECK(!thrown, "a tool never throws");
                              outcome = std::move(ended);
                              patience.cancel();
                          });
    context.run();
    threads.join();
    if (!outcome && outcome.error().code == Errc::shutting_down && patience_ends.requested()) {
        return Error{Errc::unavailable, "the log does not answer (" + settings.nats.url + ")"};
    }
    return outcome;
}

} // namespace sealstream
