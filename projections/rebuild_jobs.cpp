#include "projections/rebuild_jobs.hpp"

#include "core/base/log.hpp"
#include "projections/pacing.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::size_t rebuilds_max = 2; // at once; the others wait
constexpr std::chrono::seconds jobs_wait_step{60};
constexpr int record_tries_max = 20; // of what has happened; else it would be done once more

constexpr const char* insert_for_new_sql =
    "INSERT INTO sealstream.projection_rebuilds AS r"
    " (ledger, name, state, wish, swaps, is_forced, fold_digest)"
    " VALUES ($1, $2, 'waiting', 'run', true, true, $3)"
    " ON CONFLICT (ledger, name) DO UPDATE SET state = 'waiting', wish = 'run', swaps = true,"
    "  is_forced = true, events_per_second = NULL, fold_digest = excluded.fold_digest,"
    "  version = NULL, stage = 'waiting', from_position = 0, folded = 0, head = 0,"
    "  is_equal = NULL, different_tables = '{}', swap_us = NULL, held_us = NULL, reason = '',"
    "  asked_at = clock_timestamp(), started_at = NULL, changed_at = clock_timestamp()"
    " WHERE r.fold_digest <> excluded.fold_digest";

constexpr const char* select_jobs =
    "SELECT name, swaps, is_forced, coalesce(events_per_second, 0), stage, fold_digest, wish"
    " FROM sealstream.projection_rebuilds"
    " WHERE ledger = $1 AND state IN ('waiting', 'running', 'paused', 'ready') ORDER BY asked_at";

constexpr const char* begin_job =
    "UPDATE sealstream.projection_rebuilds SET state = 'running', fold_digest = $3,"
    " started_at = clock_timestamp(), changed_at = clock_timestamp()"
    " WHERE ledger = $1 AND name = $2";

constexpr const char* tell_progress =
    "UPDATE sealstream.projection_rebuilds SET stage = $3, version = $4, folded = $5, head = $6,"
    " from_position = CASE WHEN version IS DISTINCT FROM $4 OR state <> 'running' THEN $5"
    "  ELSE from_position END,"
    " started_at = CASE WHEN version IS DISTINCT FROM $4 OR state <> 'running'"
    "  THEN clock_timestamp() ELSE started_at END,"
    " state = CASE WHEN wish = 'pause' THEN 'paused' WHEN $3 = 'ready' THEN 'ready'"
    "  ELSE 'running' END, changed_at = clock_timestamp()"
    " WHERE ledger = $1 AND name = $2 RETURNING wish";

constexpr const char* tell_comparison =
    "UPDATE sealstream.projection_rebuilds SET is_equal = $3, different_tables = $4::text[]"
    " WHERE ledger = $1 AND name = $2";

constexpr const char* end_job =
    "UPDATE sealstream.projection_rebuilds SET state = $3, stage = $3, reason = $4,"
    " folded = greatest(folded, $5), swap_us = $6, held_us = $7, changed_at = clock_timestamp()"
    " WHERE ledger = $1 AND name = $2";

Steer steer_in(std::string_view wish)
{
    return wish == "pause"    ? Steer::pause
           : wish == "swap"   ? Steer::swap
           : wish == "cancel" ? Steer::cancel
                              : Steer::go_on;
}

std::string micros(std::chrono::nanoseconds time)
{
    return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

bool has_its_indexes(std::string_view stage)
{
    return stage == "catching_up" || stage == "comparing" || stage == "ready" ||
           stage == "swapping";
}

} // namespace

Result<void> ask_for_new_sql(Connection& connection, const std::string& ledger,
                             const Projection& projection)
{
    SEAL_TRY(asked,
             connection.run(insert_for_new_sql, {ledger, projection.name, projection.digest()}));
    return {};
}

// One row, and the rebuild that it stands for.
class RebuildJobs::Job final : public RebuildSteering {
public:
    Job(FoldContext fold_context, RebuildOptions rebuild_options)
        : context{std::move(fold_context)},
          options{rebuild_options}
    {
        options.steering = this;
    }

    Task<Result<Steer>> steer(RebuildProgress progress) override
    {
        SqlValues values = key();
        values.emplace_back(std::string{sealstream::name(progress.stage)});
        values.emplace_back(std::to_string(progress.version));
        values.emplace_back(std::to_string(progress.folded.value));
        values.emplace_back(std::to_string(progress.head.value));
        auto job = [values = std::move(values)](Connection& connection) -> Result<Steer> {
            SEAL_TRY(told, connection.run(tell_progress, values));
            return told.rows() == 0 ? Steer::cancel : steer_in(told.text(0, 0));
        };
        co_return co_await with_connection(context.threads, context.pool, std::move(job));
    }

    Task<Result<void>> compared(bool is_equal, std::vector<std::string> different) override
    {
        SqlValues values = key();
        values.emplace_back(is_equal ? "true" : "false");
        values.emplace_back(sql_array(different));
        co_return co_await store(tell_comparison, std::move(values));
    }

    Task<Result<void>> begun()
    {
        SqlValues values = key();
        values.emplace_back(context.folds.front().digest());
        co_return co_await store(begin_job, std::move(values));
    }

    Task<Result<void>> ended(std::string state, std::string reason, RebuildReport report)
    {
        SqlValues values = key();
        values.emplace_back(std::move(state));
        values.emplace_back(std::move(reason));
        values.emplace_back(std::to_string(report.cursor.value));
        values.emplace_back(micros(report.swap));
        values.emplace_back(micros(report.held));
        co_return co_await store(end_job, std::move(values));
    }

    [[nodiscard]] const std::string& name() const { return context.folds.front().name; }

    FoldContext context;
    RebuildOptions options;

private:
    [[nodiscard]] SqlValues key() const { return {context.options.ledger, name()}; }

    Task<Result<void>> store(const char* sql, SqlValues values)
    {
        auto job = [sql, values = std::move(values)](Connection& connection) -> Result<void> {
            SEAL_TRY(stored, connection.run(sql, values));
            return {};
        };
        co_return co_await with_connection(context.threads, context.pool, std::move(job));
    }
};

RebuildJobs::RebuildJobs(FoldContext context, std::vector<Projection> folds)
    : context_{std::move(context)},
      folds_{std::move(folds)},
      tasks_{context_.stop.executor()}
{
}

RebuildJobs::~RebuildJobs() = default;

Task<void> RebuildJobs::run()
{
    while (!context_.stop.requested()) {
        const auto looked = co_await look();
        if (!looked) {
            log(Level::debug, "rebuild_jobs.waiting", "projections",
                {{"why", describe(looked.error())}});
        }
        co_await context_.stop.sleep_for(context_.options.head_interval);
    }
    while (tasks_.running() != 0) {
        co_await tasks_.wait_idle(jobs_wait_step);
    }
}

Task<Result<void>> RebuildJobs::look()
{
    auto read = [&ledger = context_.options.ledger](Connection& connection) {
        return connection.run(select_jobs, {ledger});
    };
    SEAL_CO_TRY(rows, co_await with_connection(context_.threads, context_.pool, std::move(read)));
    for (std::size_t row = 0; row < rows.rows() && running_.size() < rebuilds_max; ++row) {
        const std::string name{rows.text(row, 0)};
        const auto fold = std::find_if(folds_.begin(), folds_.end(),
                                       [&name](const Projection& one) { return one.name == name; });
        const bool is_running = std::find(running_.begin(), running_.end(), name) != running_.end();
        if (fold == folds_.end() || is_running) {
            continue;
        }
        RebuildOptions options;
        options.swaps = rows.boolean(row, 1);
        options.swaps_different = rows.boolean(row, 2);
        options.compares = !options.swaps_different;
        const auto rate = static_cast<std::uint64_t>(rows.integer(row, 3));
        options.events_per_second = rate != 0 ? std::optional{rate} : std::nullopt;
        options.goes_on = rows.text(row, 5) == fold->digest() && rows.text(row, 4) != "waiting";
        options.has_indexes = has_its_indexes(rows.text(row, 4));
        FoldContext context = context_;
        context.folds = {*fold};
        running_.push_back(name);
        tasks_.spawn("rebuild", rebuild(std::make_shared<Job>(std::move(context), options)));
    }
    co_return Result<void>{};
}

Task<void> RebuildJobs::rebuild(std::shared_ptr<Job> job)
{
    const auto begun = co_await job->begun();
    Result<RebuildReport> built{begun ? Error{} : begun.error()};
    if (begun) {
        std::function<void(const RebuildProgress&)> nobody; // the steering tells all
        built = co_await rebuild_projection(job->context, job->options, std::move(nobody));
    }
    const bool is_over = built || Pacing::verdict(built.error()) == NextStep::halt ||
                         built.error().code == Errc::refused;
    if (is_over) { // else it goes on later, from where it stands
        const bool is_cancelled = !built && built.error().context == "cancelled";
        std::string state = built ? "done" : is_cancelled ? "cancelled" : "failed";
        std::string reason = built || is_cancelled ? "" : describe(built.error());
        log(Level::info, "projection.rebuilt", "projections",
            {{"projection", job->name()}, {"state", state}, {"reason", reason}});
        const auto report = built ? *built : RebuildReport{};
        Result<void> ended;
        for (int tries = 0; tries < record_tries_max; ++tries) {
            ended = co_await job->ended(state, reason, report);
            if (ended || context_.stop.requested()) {
                break;
            }
            co_await context_.stop.sleep_for(context_.options.head_interval);
        }
        if (!ended) {
            log(Level::warn, "projection.rebuild_not_recorded", "projections",
                {{"why", describe(ended.error())}});
        }
    } else {
        log(Level::info, "projection.rebuild_interrupted", "projections",
            {{"projection", job->name()}, {"reason", describe(built.error())}});
    }
    std::erase(running_, job->name());
}

} // namespace sealstream
