#include "node/wiring.hpp"

#include "core/async/blocking_pool.hpp"
#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "node/door.hpp"
#include "node/http/health.hpp"
#include "node/http/server.hpp"
#include "node/ledger_runtime.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>

namespace sealstream {

namespace {

constexpr std::chrono::seconds drain_longest{20};
constexpr std::chrono::seconds roles_longest{15};
constexpr std::size_t pool_threads = 6;

std::string url_of(const security::TlsOptions& tls, const std::string& address, std::uint16_t port)
{
    return (tls.is_on() ? "https://" : "http://") + address + ":" + std::to_string(port);
}

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
            hangups_.cancel();
        });
        context_.run();
        threads_.join();
        return outcome_;
    }

    EventLog& log() override { return main_ledger().log(); }
    AuditLog& audit() override { return main_ledger().audit(); }
    EventIndex& index() override { return main_ledger().index(); }
    const AuditorStatus* auditor_status() const override
    {
        return ledgers_.front()->auditor_status();
    }
    boost::asio::any_io_executor executor() override { return context_.get_executor(); }
    const Clock& clock() const override { return clock_; }
    bool is_stopping() const override { return stop_.requested(); }
    std::string url() const override
    {
        return server_ != nullptr
                   ? url_of(settings_.http.tls, settings_.http.address, server_->port())
                   : std::string{};
    }
    std::string admin_url() const override
    {
        return server_ != nullptr ? url_of(settings_.http.admin_tls, settings_.http.admin_address,
                                           server_->admin_port())
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

    void reload_on_hangup()
    {
        hangups_.async_wait([this](boost::system::error_code failed, int) {
            if (!failed) {
                server_->reload_certificates();
                reload_on_hangup();
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

    LedgerRuntime& main_ledger() { return *ledgers_.front(); }

    Task<Result<void>> start()
    {
        ledgers_.push_back(std::make_unique<LedgerRuntime>(settings_, "", shared_));
        for (const Settings& other : settings_.others) {
            ledgers_.push_back(
                std::make_unique<LedgerRuntime>(other, "/ledgers/" + other.ledger.name, shared_));
        }
        for (const auto& ledger : ledgers_) {
            SEAL_CO_TRY_VOID(co_await ledger->start());
        }
        if (settings_.roles.is_node) {
            SEAL_CO_TRY_VOID(listen());
        }
        co_return Result<void>{};
    }

    Result<void> listen()
    {
        http::Services& services = main_ledger().services();
        std::vector<LedgerMetrics> metrics;
        for (const auto& ledger : ledgers_) {
            metrics.push_back(ledger->metrics());
            if (ledger != ledgers_.front()) {
                services.other_ledgers.emplace(ledger->name(), &ledger->services());
            }
        }
        SEAL_TRY(door, Door::make(settings_, clock_, stop_));
        door_ = std::move(door);
        for (const auto& ledger : ledgers_) {
            ledger->services().gate = &door_->gate();
        }
        auto options = settings_.http;
        options.has_authentication = door_->gate().knows_clients();
        server_ =
            std::make_unique<http::Server>(context_.get_executor(), std::move(options), services);
        metrics.push_back(door_->metrics(*server_));
        services.metrics_text = [metrics](const auto& shows) {
            return metrics_page(metrics, shows);
        };
        SEAL_TRY_VOID(server_->start());
        is_serving_ = true;
        door_->start(inside_tasks_);
        reload_on_hangup();
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
        } else {
            stop_http_.request(); // what would have served waits for it, too
        }
        co_await append_tasks_.wait_idle(roles_longest);
        for (const auto& ledger : ledgers_) {
            ledger->close_feeds();
        }
        co_await hub_tasks_.wait_idle(roles_longest);
        co_await inside_tasks_.wait_idle(roles_longest);
        stop_roles_.request();
        const std::size_t left = co_await roles_.wait_idle(roles_longest);
        stage("roles.stopped", {{"left", left}});
        for (const auto& ledger : ledgers_) {
            ledger->close_stores();
        }
        co_await store_tasks_.wait_idle(roles_longest);
        const bool is_idle = roles_.running() + store_tasks_.running() + hub_tasks_.running() +
                                 append_tasks_.running() + inside_tasks_.running() ==
                             0;
        if (!is_idle) {
            if (!outcome_) {
                sealstream::log(Level::error, "process.failed", "node",
                                {{"why", describe(outcome_.error())}});
            }
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
    boost::asio::signal_set hangups_{context_, SIGHUP};
    BlockingPool threads_{{pool_threads, 4'096}};
    Stop stop_{context_.get_executor()};       // wished for
    Stop stop_http_{context_.get_executor()};  // requested by the drain
    Stop stop_roles_{context_.get_executor()}; // after the drain
    TaskGroup store_tasks_{context_.get_executor()};
    TaskGroup roles_{context_.get_executor()};
    TaskGroup hub_tasks_{context_.get_executor()};
    TaskGroup append_tasks_{context_.get_executor()};
    TaskGroup inside_tasks_{context_.get_executor()};
    http::Health health_;
    RuntimeShared shared_{{context_.get_executor(), clock_, threads_, store_tasks_, stop_},
                          ids_,
                          health_,
                          stop_http_,
                          stop_roles_,
                          roles_,
                          hub_tasks_,
                          append_tasks_,
                          [this] { stop(); }};
    std::vector<std::unique_ptr<LedgerRuntime>> ledgers_; // the first is the one at "/"
    std::unique_ptr<Door> door_;
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
