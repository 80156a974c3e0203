#include "projections/snapshots/past_states.hpp"

#include "core/base/log.hpp"

namespace sealstream {

namespace {

constexpr std::size_t builds_max = 2;                // at once
constexpr std::size_t failures_max = 100;            // remembered until somebody has seen them
constexpr std::chrono::milliseconds look_again{100}; // whether another node has made it
constexpr std::chrono::seconds evict_interval{30};

} // namespace

PastStates::PastStates(EventLog& log, Pool& pool, BlockingPool& threads, const Clock& clock,
                       Stop& stop, TaskGroup& tasks, ProjectorMetrics& folds,
                       SnapshotMetrics* metrics, PastStatesOptions options)
    : log_{log},
      pool_{pool},
      threads_{threads},
      clock_{clock},
      stop_{stop},
      tasks_{tasks},
      folds_{folds},
      metrics_{metrics},
      options_{std::move(options)},
      made_{stop.executor()}
{
}

FoldContext PastStates::fold_context()
{
    ProjectorOptions folding = options_.folding;
    folding.ledger = options_.ledger;
    return FoldContext{log_,   pool_,       threads_, clock_, stop_,
                       folds_, &no_faults_, folding,  {},     true};
}

Task<Result<std::vector<PastVersion>>> PastStates::at(std::vector<std::string> projections,
                                                      Position position)
{
    const Monotonic deadline = clock_.monotonic() + options_.wait;
    std::vector<PastVersion> states;
    for (const std::string& projection : projections) {
        SEAL_CO_TRY(state, co_await find_or_make(projection, position, deadline));
        states.push_back(std::move(state));
    }
    co_return states;
}

Task<PastStates::Found> PastStates::find(std::string projection, Position position)
{
    auto job = [&ledger = options_.ledger, projection = std::move(projection),
                position](Connection& connection) {
        return find_past(connection, ledger, projection, position);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<PastVersion>> PastStates::find_or_make(std::string projection, Position position,
                                                   Monotonic deadline)
{
    const Key key{projection, position};
    bool is_first = true;
    while (!stop_.requested()) {
        SEAL_CO_TRY(found, co_await find(projection, position));
        if (found) {
            if (is_first && metrics_ != nullptr) {
                metrics_->past_found(projection);
            }
            co_return *std::move(found);
        }
        if (const auto failed = failed_.find(key); failed != failed_.end() && !is_first) {
            Error why = failed->second;
            co_return why;
        }
        if (!making_.contains(key)) {
            if (making_.size() >= builds_max) {
                co_return Error{Errc::overloaded,
                                std::to_string(builds_max) + " states of the past are being made"};
            }
            failed_.erase(key);
            making_.insert(key);
            tasks_.spawn("past state", make(key));
        }
        is_first = false;
        const auto left = deadline - clock_.monotonic();
        if (left <= std::chrono::nanoseconds{0}) {
            co_return Error{Errc::timed_out, "the tables of " + projection + " as of position " +
                                                 std::to_string(position.value) +
                                                 " are being made; ask again in a moment"};
        }
        co_await made_.wait_for(left);
    }
    co_return Error{Errc::shutting_down, "the node stops"};
}

Task<void> PastStates::make(Key key)
{
    Result<void> made{};
    bool is_waiting = true;
    while (is_waiting && !stop_.requested()) {
        auto projection = key.first;
        const auto found = co_await find(std::move(projection), key.second);
        if (found && *found) { // it was made since it was looked for, or by another node
            made = Result<void>{};
            break;
        }
        made = co_await try_make(key);
        is_waiting = !made && made.error().code == Errc::conflict; // another node makes it
        if (is_waiting) {
            co_await stop_.sleep_for(look_again);
        }
    }
    if (!made) {
        if (metrics_ != nullptr) {
            metrics_->past_failed(key.first);
        }
        log(Level::warn, "past.not_made", "projections",
            {{"projection", key.first},
             {"position", key.second.value},
             {"why", describe(made.error())}});
        if (failed_.size() >= failures_max) {
            failed_.clear();
        }
        failed_.insert_or_assign(key, made.error());
    }
    making_.erase(key);
    made_.notify_all();
    const auto evicted = co_await evict();
    if (!evicted) {
        log(Level::debug, "past.not_evicted", "projections", {{"why", describe(evicted.error())}});
    }
}

Task<Result<void>> PastStates::try_make(Key key)
{
    auto read = [&ledger = options_.ledger, projection = key.first](Connection& connection) {
        return read_definitions(connection, ledger, projection);
    };
    SEAL_CO_TRY(defined, co_await with_connection(threads_, pool_, std::move(read)));
    PastOptions options;
    options.at = key.second;
    options.events_max = options_.events_max;
    options.load_time_max = options_.load_time_max;
    options.metrics = metrics_;
    auto context = fold_context();
    auto one = std::move(defined.front());
    auto report = co_await build_past(std::move(context), std::move(one), options);
    if (!report) {
        co_return report.error();
    }
    if (metrics_ != nullptr) {
        metrics_->past_made(key.first, report->events, report->total);
    }
    co_return Result<void>{};
}

Task<Result<std::size_t>> PastStates::evict()
{
    auto job = [&options = options_](Connection& connection) {
        return evict_past(connection, options.ledger, options.states_max, options.unused);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<void> PastStates::run()
{
    while (!stop_.requested()) {
        co_await stop_.sleep_for(evict_interval);
        const auto evicted = co_await evict();
        if (!evicted) { // as long as the database is away there is nothing to drop either
            log(Level::debug, "past.not_evicted", "projections",
                {{"why", describe(evicted.error())}});
        }
    }
}

} // namespace sealstream
