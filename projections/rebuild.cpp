#include "projections/rebuild.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"

#include <algorithm>

namespace sealstream {

namespace {

using Stage = RebuildProgress::Stage;

// The session of a rebuild that has just ended may hold its lock a moment longer.
constexpr int own_tries = 10;
constexpr std::chrono::milliseconds own_pause{100};

class Rebuild {
public:
    Rebuild(FoldContext context, RebuildOptions options,
            std::function<void(const RebuildProgress&)> progress)
        : context_{std::move(context)},
          options_{options},
          progress_{std::move(progress)}
    {
        SEAL_CHECK(context_.folds.size() == 1, "one rebuild builds one projection");
        context_.on_moved = [this](Position folded, Position head) {
            tell(Stage::folding, folded, head);
        };
    }

    Task<Result<RebuildReport>> run()
    {
        const Monotonic begun = context_.clock.monotonic();
        auto lend = [&pool = context_.pool] { return pool.lend(); };
        SEAL_CO_TRY(lease, co_await context_.threads.run(std::move(lend)));
        lease.close_at_return();
        SEAL_CO_TRY(building, co_await begin(*lease));
        context_.metrics.version_is(building.name, building.version, name(building.state));

        FoldRun folding{context_, std::move(lease), {building}};
        const auto folded = co_await fold_to_head(folding);
        if (!folded) {
            co_return folded.error();
        }
        tell(Stage::indexing, folding.lowest(), folding.head());
        const auto indexed = co_await make_all_indexes(folding);
        if (!indexed) {
            co_return indexed.error();
        }
        const auto caught_up = co_await fold_to_head(folding);
        if (!caught_up) {
            co_return caught_up.error();
        }
        const auto finished = co_await finish(folding);
        if (!finished) {
            co_return finished.error();
        }
        report_.version = building.version;
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
        if (progress_) {
            progress_({stage, folded, head});
        }
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
        const auto owning = co_await own(connection);
        if (!owning) {
            co_return owning.error();
        }
        auto work = [this, incarnation = context_.log.incarnation()](
                        Connection& session) -> Result<ProjectionVersion> {
            const auto dropped = drop_building(session, ledger(), projection().name);
            if (!dropped) {
                return dropped.error();
            }
            const auto prepared = prepare_session(session);
            if (!prepared) {
                return prepared.error();
            }
            return create_building(session, ledger(), projection(), incarnation);
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
        const auto folded = co_await folding.run(active ? active->cursor : head);
        if (folded && context_.stop.requested()) {
            co_return Error{Errc::shutting_down, "the rebuild was interrupted"};
        }
        co_return folded;
    }

    Task<Result<void>> make_all_indexes(FoldRun& folding)
    {
        auto work = [this, version = folding.owned().front()](Connection& session) {
            return make_indexes(session, projection(), version);
        };
        auto made = co_await run_on(folding.connection(), std::move(work));
        co_return made;
    }

    // While `holder` keeps the active version's row locked, its projector waits.
    Task<Result<void>> finish(FoldRun& folding)
    {
        auto lend = [&pool = context_.pool] { return pool.lend(); };
        SEAL_CO_TRY(holder, co_await context_.threads.run(std::move(lend)));
        holder.close_at_return(); // whatever happens, its transaction does not outlive this
        const Monotonic locked_at = context_.clock.monotonic();
        auto lock = [this](Connection& session) -> Result<ProjectionVersion> {
            const auto begun = session.run_script("BEGIN; SET LOCAL statement_timeout = 0");
            if (!begun) {
                return begun.error();
            }
            return read_active(session, ledger(), projection().name, true);
        };
        const auto active = co_await run_on(*holder, std::move(lock));
        if (!active && active.error().code != Errc::not_found) {
            co_return active.error();
        }
        report_.was_active = active.has_value();
        const auto met = co_await meet(folding, active);
        if (!met) {
            co_return met;
        }
        const auto ended =
            co_await conclude(*holder, folding, report_.was_active ? &*active : nullptr);
        report_.held = context_.clock.monotonic() - locked_at;
        co_return ended;
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

    Task<Result<void>> conclude(Connection& holder, FoldRun& folding,
                                const ProjectionVersion* active)
    {
        const ProjectionVersion building = folding.owned().front();
        if (options_.compares) {
            tell(Stage::comparing, folding.lowest(), folding.head());
            auto work = [this, active, &building](Connection& session) {
                return compare(session, active, building);
            };
            const auto compared = co_await run_on(holder, std::move(work));
            if (!compared) {
                co_return compared;
            }
        }
        tell(Stage::swapping, folding.lowest(), folding.head());
        auto work = [this, active, &building](Connection& session) -> Result<void> {
            const Monotonic begun = context_.clock.monotonic();
            if (!options_.swaps) {
                session.roll_back();
                return drop_building(session, ledger(), building.name);
            }
            const auto swapped = swap_versions(session, ledger(), active, building);
            const auto committed = swapped ? session.commit() : swapped;
            report_.swap = context_.clock.monotonic() - begun;
            return committed;
        };
        auto ended = co_await run_on(holder, std::move(work));
        co_return ended;
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
};

} // namespace

Task<Result<RebuildReport>> rebuild_projection(FoldContext context, RebuildOptions options,
                                               std::function<void(const RebuildProgress&)> progress)
{
    Rebuild rebuild{std::move(context), options, std::move(progress)};
    auto report = co_await rebuild.run();
    co_return report;
}

} // namespace sealstream
