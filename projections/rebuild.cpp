// Long because a rebuild is one course over two sessions, from its first row to the swap, told in
// its order.

#include "projections/rebuild.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "projections/snapshots/snapshot_store.hpp"

#include <algorithm>

namespace sealstream {

namespace {

using Stage = RebuildProgress::Stage;

// The session of a rebuild that has just ended may hold its lock a moment longer.
constexpr int own_tries = 10;
constexpr std::chrono::milliseconds own_pause{100};
constexpr std::chrono::milliseconds steer_pause{500}; // of a paused one, and of one that is ready
constexpr std::uint64_t batches_a_piece = 20;         // between two words from the steering

class Rebuild {
public:
    Rebuild(FoldContext context, RebuildOptions options,
            std::function<void(const RebuildProgress&)> progress)
        : context_{std::move(context)},
          options_{options},
          progress_{std::move(progress)}
    {
        SEAL_CHECK(context_.folds.size() == 1, "one rebuild builds one projection");
        context_.is_alone = true;
        context_.on_moved = [this](Position folded, Position head) { tell(stage_, folded, head); };
    }

    Task<Result<RebuildReport>> run()
    {
        const Monotonic begun = context_.clock.monotonic();
        auto lend = [&pool = context_.pool] { return pool.lend(); };
        SEAL_CO_TRY(holder, co_await context_.threads.run(lend));
        holder.close_at_return(); // it owns the rebuild, and later the swap
        SEAL_CO_TRY(lease, co_await context_.threads.run(lend));
        lease.close_at_return();
        SEAL_CO_TRY_VOID(co_await own(*holder));
        SEAL_CO_TRY(building, co_await begin(*lease));
        context_.metrics.version_is(building.name, building.version, name(building.state));
        report_.version = building.version;

        FoldRun folding{context_, std::move(lease), {building}};
        const auto ended = co_await build(*holder, folding);
        if (!ended) {
            co_return ended.error();
        }
        report_.cursor = folding.lowest();
        report_.total = context_.clock.monotonic() - begun;
        tell(Stage::done, folding.lowest(), folding.head());
        co_return std::move(report_);
    }

private:
    [[nodiscard]] const Projection& projection() const { return context_.folds.front(); }
    [[nodiscard]] const std::string& ledger() const { return context_.options.ledger; }

    void tell(Stage stage, Position folded, Position head)
    {
        stage_ = stage;
        if (progress_) {
            progress_({stage, report_.version, folded, head});
        }
    }

    Task<Result<void>> build(Connection& holder, FoldRun& folding)
    {
        if (!options_.has_indexes) {
            SEAL_CO_TRY_VOID(co_await fold_to_head(folding));
            tell(Stage::indexing, folding.lowest(), folding.head());
            SEAL_CO_TRY_VOID(co_await steered(folding));
            SEAL_CO_TRY_VOID(co_await make_all_indexes(folding));
        }
        tell(Stage::catching_up, folding.lowest(), folding.head());
        SEAL_CO_TRY_VOID(co_await fold_to_head(folding));
        const bool waits = options_.steering != nullptr && !options_.swaps;
        SEAL_CO_TRY(is_done, co_await finish(holder, folding, waits));
        if (is_done) {
            co_return Result<void>{};
        }
        SEAL_CO_TRY_VOID(co_await wait_for_swap(folding));
        options_ = RebuildOptions{false, true, true};
        SEAL_CO_TRY(is_swapped, co_await finish(holder, folding, false));
        if (!is_swapped) {
            co_return Error{Errc::internal, "a rebuild that was to be swapped was not"};
        }
        co_return Result<void>{};
    }

    // Does what the steering says: waits through a pause, and drops what was cancelled.
    Task<Result<Steer>> steered(FoldRun& folding)
    {
        Steer wish = Steer::go_on;
        while (options_.steering != nullptr && !context_.stop.requested()) {
            const RebuildProgress now{stage_, report_.version, folding.lowest(), folding.head()};
            SEAL_CO_TRY(said, co_await options_.steering->steer(now));
            wish = said;
            if (wish != Steer::pause) {
                break;
            }
            co_await context_.stop.sleep_for(steer_pause);
        }
        if (context_.stop.requested()) {
            co_return Error{Errc::shutting_down, "the rebuild was interrupted"};
        }
        if (wish == Steer::cancel) {
            auto work = [this](Connection& session) {
                return drop_building(session, ledger(), projection().name);
            };
            SEAL_CO_TRY_VOID(co_await run_on(folding.connection(), std::move(work)));
            co_return Error{Errc::refused, "cancelled"};
        }
        co_return wish;
    }

    // It is kept up to the log meanwhile.
    Task<Result<void>> wait_for_swap(FoldRun& folding)
    {
        while (true) {
            tell(Stage::ready, folding.lowest(), folding.head());
            SEAL_CO_TRY(wish, co_await steered(folding));
            if (wish == Steer::swap) {
                co_return Result<void>{};
            }
            SEAL_CO_TRY_VOID(co_await fold_to_head(folding));
            co_await context_.stop.sleep_for(steer_pause);
        }
    }

    // In pieces, with a word from the steering between them, and no faster than is allowed.
    Task<Result<void>> fold_until(FoldRun& folding, Position until)
    {
        while (folding.lowest() < until) {
            const Monotonic begun = context_.clock.monotonic();
            const Position from = folding.lowest();
            const auto piece = std::min(until, Position{from.value + piece_events()});
            SEAL_CO_TRY_VOID(co_await folding.run(piece));
            if (!folding.left_behind().empty()) {
                SEAL_CO_TRY_VOID(co_await set_back(folding.left_behind().front().setback));
            }
            SEAL_CO_TRY_VOID(co_await steered(folding));
            if (options_.events_per_second) {
                const auto share = static_cast<double>(folding.lowest().value - from.value) /
                                   static_cast<double>(*options_.events_per_second);
                const auto due = std::chrono::duration_cast<std::chrono::nanoseconds>(
                    std::chrono::duration<double>{share});
                co_await context_.stop.sleep_for(due - (context_.clock.monotonic() - begun));
            }
        }
        co_return Result<void>{};
    }

    [[nodiscard]] std::uint64_t piece_events() const
    {
        const std::uint64_t pieces = batches_a_piece * context_.options.batch_events_max;
        return std::max<std::uint64_t>(
            1, std::min(pieces, options_.events_per_second.value_or(pieces)));
    }

    Task<Result<void>> set_back(FoldSetback setback)
    {
        if (setback.setback != Setback::again) {
            co_return Error{Errc::refused, setback.code + ": " + setback.error.context};
        }
        co_await context_.stop.sleep_for(steer_pause);
        co_return Result<void>{};
    }

    // Runs `work(connection)` on the blocking pool.
    template <class Work>
    [[nodiscard]] Task<std::invoke_result_t<Work&, Connection&>> run_on(Connection& connection,
                                                                        Work work)
    {
        auto job = [&connection, work = std::move(work)]() mutable { return work(connection); };
        auto outcome = co_await context_.threads.run(std::move(job));
        co_return outcome;
    }

    Task<Result<void>> own(Connection& connection)
    {
        for (int tries = 0; tries < own_tries; ++tries) {
            auto work = [this](Connection& session) {
                return try_own_rebuild(session, ledger(), projection().name);
            };
            SEAL_CO_TRY(is_owner, co_await run_on(connection, std::move(work)));
            if (is_owner) {
                co_return Result<void>{};
            }
            co_await context_.stop.sleep_for(own_pause);
        }
        co_return Error{Errc::conflict, "another rebuild of " + projection().name + " runs"};
    }

    Task<Result<ProjectionVersion>> begin(Connection& connection)
    {
        auto work = [this, incarnation = context_.log.incarnation()](
                        Connection& session) -> Result<ProjectionVersion> {
            if (options_.goes_on) {
                SEAL_TRY(left, claim_building(session, ledger(), projection(), incarnation));
                if (left) {
                    SEAL_TRY_VOID(prepare_session(session, ledger(), context_.folds));
                    return *left;
                }
            }
            options_.has_indexes = false;
            SEAL_TRY_VOID(drop_building(session, ledger(), projection().name));
            SEAL_TRY(made, create_building(session, ledger(), projection(), incarnation));
            SEAL_TRY_VOID(prepare_session(session, ledger(), context_.folds));
            return made;
        };
        auto building = co_await run_on(connection, std::move(work));
        co_return building;
    }

    // Not beyond the active version, so that the two can be compared at one position.
    Task<Result<void>> fold_to_head(FoldRun& folding)
    {
        auto find = [this](Connection& session) {
            return read_active(session, ledger(), projection().name, false);
        };
        const auto active = co_await with_connection(context_.threads, context_.pool, find);
        if (!active && active.error().code != Errc::not_found) {
            co_return active.error();
        }
        SEAL_CO_TRY(head, co_await context_.log.head());
        const Position until = active ? active->cursor : head;
        auto folded = co_await fold_until(folding, until);
        if (folded && context_.stop.requested()) {
            co_return Error{Errc::shutting_down, "the rebuild was interrupted"};
        }
        co_return folded;
    }

    Task<Result<void>> make_all_indexes(FoldRun& folding)
    {
        auto work = [this, version = folding.owned().front()](Connection& session) {
            return make_indexes(session, ledger(), projection(), version);
        };
        auto made = co_await run_on(folding.connection(), std::move(work));
        co_return made;
    }

    // While `holder` keeps the active version's row locked, its projector waits. False: it is not
    // swapped, and the lock is free again.
    Task<Result<bool>> finish(Connection& holder, FoldRun& folding, bool waits)
    {
        SEAL_CO_TRY_VOID(co_await wait_for_snapshots(holder));
        const Monotonic locked_at = context_.clock.monotonic();
        auto lock = [this](Connection& session) -> Result<ProjectionVersion> {
            return read_active(session, ledger(), projection().name, true);
        };
        const auto active = co_await run_on(holder, std::move(lock));
        if (!active && active.error().code != Errc::not_found) {
            co_return active.error();
        }
        report_.was_active = active.has_value();
        const auto met = co_await meet(folding, active);
        if (!met) {
            co_return met.error();
        }
        auto is_done =
            co_await conclude(holder, folding, report_.was_active ? &*active : nullptr, waits);
        report_.held = context_.clock.monotonic() - locked_at;
        co_return is_done;
    }

    // Begins the transaction in which versions may be swapped: once nobody copies their tables. The
    // active version is folded on meanwhile.
    Task<Result<void>> wait_for_snapshots(Connection& holder)
    {
        while (!context_.stop.requested()) {
            auto begin = [this](Connection& session) -> Result<bool> {
                SEAL_TRY_VOID(session.run_script("BEGIN; SET LOCAL statement_timeout = 0"));
                auto is_free = try_move_versions(session, ledger(), projection().name);
                if (!is_free || !*is_free) {
                    session.roll_back();
                }
                return is_free;
            };
            SEAL_CO_TRY(is_free, co_await run_on(holder, std::move(begin)));
            if (is_free) {
                co_return Result<void>{};
            }
            co_await context_.stop.sleep_for(own_pause);
        }
        co_return Error{Errc::shutting_down, "the rebuild was interrupted"};
    }

    Task<Result<void>> meet(FoldRun& folding, Result<ProjectionVersion> active)
    {
        if (!active) {
            co_return Result<void>{};
        }
        const auto folded = co_await folding.run(active->cursor);
        if (folded && folding.lowest() != active->cursor) {
            co_return Error{Errc::shutting_down, "the rebuild was interrupted"};
        }
        co_return folded;
    }

    Task<Result<bool>> conclude(Connection& holder, FoldRun& folding,
                                const ProjectionVersion* active, bool waits)
    {
        const ProjectionVersion building = folding.owned().front();
        if (options_.compares) {
            tell(Stage::comparing, folding.lowest(), folding.head());
            auto work = [this, active, &building](Connection& session) {
                return compare(session, active, building);
            };
            SEAL_CO_TRY_VOID(co_await run_on(holder, std::move(work)));
            if (options_.steering != nullptr) {
                auto different = report_.different_tables;
                SEAL_CO_TRY_VOID(
                    co_await options_.steering->compared(report_.is_equal, std::move(different)));
            }
        }
        const bool is_kept_back = !report_.is_equal && !options_.swaps_different;
        if (waits || (is_kept_back && options_.steering != nullptr)) {
            auto release = [](Connection& session) -> Result<void> {
                session.roll_back();
                return {};
            };
            SEAL_CO_TRY_VOID(co_await run_on(holder, std::move(release)));
            co_return false;
        }
        tell(Stage::swapping, folding.lowest(), folding.head());
        auto work = [this, active, &building, is_kept_back](Connection& session) -> Result<void> {
            const Monotonic begun = context_.clock.monotonic();
            if (!options_.swaps || is_kept_back) {
                session.roll_back();
                return drop_building(session, ledger(), building.name);
            }
            const bool is_same_sql =
                active != nullptr && active->fold_digest == building.fold_digest;
            if (!report_.is_equal && is_same_sql) {
                SEAL_TRY_VOID(refuse_all_snapshots(session, ledger(), building.name,
                                                   "a rebuild was different from the tables that "
                                                   "it was taken from"));
            }
            const auto swapped = swap_versions(session, ledger(), active, building);
            const auto committed = swapped ? session.commit() : swapped;
            report_.swap = context_.clock.monotonic() - begun;
            return committed;
        };
        SEAL_CO_TRY_VOID(co_await run_on(holder, std::move(work)));
        co_return true;
    }

    Result<void> compare(Connection& session, const ProjectionVersion* active,
                         const ProjectionVersion& building)
    {
        SEAL_TRY(built, digest_tables(session, building.schema_name));
        report_.tables = built;
        if (active == nullptr) {
            return {};
        }
        SEAL_TRY(old, digest_tables(session, active->schema_name));
        for (const TableDigest& table : built) {
            if (std::find(old.begin(), old.end(), table) == old.end()) {
                report_.different_tables.push_back(table.table);
            }
        }
        report_.is_equal = old == built;
        if (!report_.is_equal) {
            log(Level::warn, "projection.rebuilt_differently", "projections",
                {{"projection", building.name}, {"tables", report_.different_tables.size()}});
        }
        return {};
    }

    FoldContext context_;
    RebuildOptions options_;
    std::function<void(const RebuildProgress&)> progress_;
    RebuildReport report_;
    Stage stage_{Stage::folding};
};

} // namespace

std::string_view name(RebuildProgress::Stage stage)
{
    switch (stage) {
    case Stage::folding:
        return "folding";
    case Stage::indexing:
        return "indexing";
    case Stage::catching_up:
        return "catching_up";
    case Stage::comparing:
        return "comparing";
    case Stage::ready:
        return "ready";
    case Stage::swapping:
        return "swapping";
    case Stage::done:
        return "done";
    }
    return "unknown";
}

Task<Result<RebuildReport>> rebuild_projection(FoldContext context, RebuildOptions options,
                                               std::function<void(const RebuildProgress&)> progress)
{
    Rebuild rebuild{std::move(context), options, std::move(progress)};
    auto report = co_await rebuild.run();
    co_return report;
}

} // namespace sealstream
