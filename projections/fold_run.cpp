// Invariants
//   1. owned_[i].cursor is a cursor that the database has confirmed; planned_[i] is at or after it.
//   2. At most one commit runs; it is the only user of the connection meanwhile.
//   3. After any failure nothing more is begun: the caller forgets the cursors and reads them
//   again.

#include "projections/fold_run.hpp"

#include "core/base/check.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::chrono::milliseconds commit_wait_step{500}; // how often a runaway is looked for
constexpr int runaway_factor = 2;                          // of the time that a fold has
constexpr std::size_t retries_at_once = 10; // of parked streams, before new events come again

struct EncodedPass {
    Pass pass;
    BatchRows rows;
};

bool is_left_behind(const std::vector<LeftBehind>& all, std::size_t projection)
{
    return std::any_of(all.begin(), all.end(), [projection](const LeftBehind& one) {
        return one.projection == projection;
    });
}

std::vector<StoredRecord> records_of(std::vector<StoredRecord>& records, const Pass& pass)
{
    const auto begin = records.begin() + static_cast<std::ptrdiff_t>(
                                             pass.from.value + 1 - records.front().position.value);
    const auto end = begin + static_cast<std::ptrdiff_t>(pass.to.value - pass.from.value);
    return {std::make_move_iterator(begin), std::make_move_iterator(end)};
}

} // namespace

// What one commit job does: usually a single pass.
struct FoldRun::Load {
    std::vector<EncodedPass> passes;
    std::vector<LeftBehind> left_behind;
    std::size_t passes_done{0};
    WallTime last_ingested{};
    Monotonic begun{};
    Result<void> fault{}; // corrupt: what follows the last pass does not decode
};

FoldRun::FoldRun(FoldContext& context, Pool::Lease lease, std::vector<ProjectionVersion> owned)
    : context_{context},
      lease_{std::move(lease)},
      owned_{std::move(owned)},
      apart_{context.options.ledger, context.options.fold_timeout,
             context.options.parked_streams_max, &watch_},
      tasks_{context.stop.executor()}
{
    for (const ProjectionVersion& one : owned_) {
        planned_.push_back(one.cursor);
    }
}

const ProjectionVersion& FoldRun::hindmost() const noexcept
{
    return *std::min_element(owned_.begin(), owned_.end(),
                             [](const ProjectionVersion& one, const ProjectionVersion& other) {
                                 return one.cursor < other.cursor;
                             });
}

// At most this: what waits is newer than what is folded.
std::chrono::nanoseconds FoldRun::lag() const
{
    const auto age = context_.clock.wall().nanoseconds - reached_.nanoseconds;
    return std::chrono::nanoseconds{reached_ == WallTime{} ? 0 : std::max<std::int64_t>(0, age)};
}

Task<Result<void>> FoldRun::run(std::optional<Position> until)
{
    left_.clear();
    committed_ = {};
    auto followed = co_await follow(until);
    const auto last = co_await settled();
    co_return followed ? last : followed;
}

Task<Result<void>> FoldRun::follow(std::optional<Position> until)
{
    const auto feed = context_.log.subscribe_from(lowest());
    rules_ = SkipRules{hindmost().skipped_types, hindmost().schema_versions};
    while (!context_.stop.requested()) {
        const auto checked = co_await check_log();
        if (!checked) {
            co_return checked;
        }
        const Position next = *std::min_element(planned_.begin(), planned_.end());
        if (until && next >= *until) {
            break;
        }
        SEAL_CO_TRY(batch, co_await feed->next(context_.options.batch_events_max,
                                               context_.options.batch_wait));
        if (batch.records.empty()) {
            const auto idle = co_await settled(); // a failed commit is not left waiting for events
            if (!idle || !left_.empty()) {
                co_return idle;
            }
            continue;
        }
        if (until && batch.records.back().position > *until) {
            batch.records.resize(batch.records.size() -
                                 (batch.records.back().position.value - until->value));
        }
        SEAL_CO_TRY(load, co_await encode(std::move(batch.records)));
        const auto before = co_await settled();
        if (!before || !left_.empty()) {
            co_return before;
        }
        tasks_.spawn("fold batch", commit(load));
        if (!load->fault) {
            co_return load->fault;
        }
    }
    co_return Result<void>{};
}

// The head is also the measure of the lag, so it is asked now and then.
Task<Result<void>> FoldRun::check_log()
{
    const Monotonic now = context_.clock.monotonic();
    if (head_asked_ != Monotonic{} && now - head_asked_ < context_.options.head_interval) {
        co_return Result<void>{};
    }
    Position folded;
    for (const ProjectionVersion& one : owned_) {
        folded = std::max(folded, one.cursor);
    }
    SEAL_CO_TRY(head, co_await context_.log.settled_head(folded));
    head_asked_ = now;
    head_ = head;
    SEAL_CO_TRY_VOID(co_await retry_parked_streams());
    for (const ProjectionVersion& one : owned_) {
        if (head < one.cursor) {
            co_return Error{Errc::corrupt,
                            one.name + " has folded up to " + std::to_string(one.cursor.value) +
                                ", but the log ends at " + std::to_string(head.value)};
        }
        tell_metrics(one);
    }
    co_return Result<void>{};
}

Task<Result<std::shared_ptr<FoldRun::Load>>> FoldRun::encode(std::vector<StoredRecord> records)
{
    SEAL_CO_TRY(passes, plan_batch(planned_, records.front().position, records.back().position));
    auto job = [records = std::move(records), passes = std::move(passes),
                &rules = rules_]() mutable -> Result<std::shared_ptr<Load>> {
        auto load = std::make_shared<Load>();
        for (Pass& pass : passes) {
            auto rows = encode_batch(records_of(records, pass), rules);
            const bool is_cut = rows.fault.has_value();
            if (is_cut) {
                load->fault = *rows.fault;
                pass.to = rows.last;
            }
            if (pass.from < pass.to) {
                load->passes.push_back({std::move(pass), std::move(rows)});
            }
            if (is_cut) {
                break;
            }
        }
        load->last_ingested = records.back().ingested;
        return load;
    };
    auto load = co_await context_.threads.run(std::move(job));
    if (load) {
        for (const EncodedPass& one : (*load)->passes) {
            for (const std::size_t at : one.pass.projections) {
                planned_[at] = one.pass.to;
            }
        }
    }
    co_return load;
}

Task<void> FoldRun::commit(std::shared_ptr<Load> load)
{
    load->begun = context_.clock.monotonic();
    auto job = [this, load]() -> Result<void> {
        const FoldTarget target{context_.folds, owned_, context_.is_alone};
        for (EncodedPass& one : load->passes) {
            auto applied =
                apply_pass(*lease_, apart_, target, one.pass, one.rows, *context_.faults);
            if (!applied) {
                return with_context(applied.error(), std::to_string(one.pass.from.value + 1) +
                                                         ".." + std::to_string(one.pass.to.value));
            }
            ++load->passes_done;
            load->left_behind = *std::move(applied);
            if (!load->left_behind.empty()) {
                break; // what was planned after it no longer fits
            }
        }
        return {};
    };
    committed_ = co_await context_.threads.run(std::move(job));
    moved(*load);
}

void FoldRun::moved(const Load& load)
{
    const auto duration = context_.clock.monotonic() - load.begun;
    left_ = load.left_behind;
    if (load.passes_done != 0) {
        reached_ = load.last_ingested;
        has_moved_ = true;
    }
    for (std::size_t done = 0; done < load.passes_done; ++done) {
        const Pass& pass = load.passes[done].pass;
        head_ = std::max(head_, pass.to);
        const bool is_last = done + 1 == load.passes_done;
        for (const std::size_t at : pass.projections) {
            if (is_last && is_left_behind(load.left_behind, at)) {
                continue;
            }
            owned_[at].cursor = pass.to;
            owned_[at].skipped_types = load.passes[done].rows.skipped_types;
            owned_[at].schema_versions = load.passes[done].rows.schema_versions;
            tell_metrics(owned_[at]);
            if (owned_[at].state == ProjectionVersion::State::active) {
                context_.metrics.batch_applied(owned_[at].name, pass.to.value - pass.from.value,
                                               duration);
            }
        }
    }
    if (!committed_) {
        for (const ProjectionVersion& one : owned_) {
            context_.metrics.batch_failed(one.name);
        }
    }
    if (context_.on_moved) {
        context_.on_moved(lowest(), head_);
    }
}

void FoldRun::tell_metrics(const ProjectionVersion& one)
{
    context_.metrics.remaining_is(one.name, one.version,
                                  head_ > one.cursor ? head_.value - one.cursor.value : 0);
    if (one.state == ProjectionVersion::State::active) {
        context_.metrics.cursor_is(one.name, one.cursor, head_, lag());
    }
}

Task<Result<void>> FoldRun::settled()
{
    while (tasks_.running() != 0) {
        co_await tasks_.wait_idle(commit_wait_step);
        if (tasks_.running() != 0) {
            co_await end_runaway();
        }
    }
    co_return committed_;
}

// A fold can catch the cancellation by its time limit, but not the end of its session.
Task<void> FoldRun::end_runaway()
{
    const int folding = watch_.projection.load();
    const std::uint64_t attempts = watch_.attempts.load();
    const Monotonic now = context_.clock.monotonic();
    if (attempts != attempts_seen_) {
        attempts_seen_ = attempts;
        attempt_since_ = now;
    }
    const auto limit = runaway_factor * context_.options.fold_timeout;
    if (folding < 0 || runaway_ || now - attempt_since_ < limit) {
        co_return;
    }
    runaway_ = static_cast<std::size_t>(folding);
    auto job = [pid = lease_->backend_pid()](Connection& connection) -> Result<void> {
        SEAL_TRY(ended, connection.run("SELECT pg_catalog.pg_terminate_backend($1)",
                                       {std::to_string(pid)}));
        return {};
    };
    const auto ended = co_await with_connection(context_.threads, context_.pool, std::move(job));
    if (!ended) {
        runaway_.reset(); // and again in a moment
    }
}

// Between two commits, on the same session.
Task<Result<void>> FoldRun::retry_parked_streams()
{
    bool has_packs = false;
    for (const Projection& fold : context_.folds) {
        has_packs = has_packs || fold.is_apart();
    }
    if (!has_packs) {
        co_return Result<void>{};
    }
    const auto before = co_await settled();
    if (!before || !left_.empty()) {
        co_return before;
    }
    auto job = [this]() -> Result<void> {
        for (std::size_t at = 0; at < owned_.size(); ++at) {
            bool is_more = context_.folds[at].is_apart();
            for (std::size_t tries = 0; is_more && tries < retries_at_once; ++tries) {
                watch_.projection.store(static_cast<int>(at));
                SEAL_TRY(tried, retry_parked(*lease_, apart_, context_.folds[at], owned_[at],
                                             context_.options.batch_events_max));
                watch_.projection.store(-1);
                is_more = tried;
            }
        }
        return {};
    };
    tasks_.spawn("retry parked streams", run_retries(std::move(job)));
    const auto tried = co_await settled();
    co_return tried;
}

Task<void> FoldRun::run_retries(std::function<Result<void>()> job)
{
    committed_ = co_await context_.threads.run(std::move(job));
}

} // namespace sealstream
