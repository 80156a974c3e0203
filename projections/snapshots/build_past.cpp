#include "projections/snapshots/build_past.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "projections/pack_role.hpp"
#include "projections/snapshots/snapshot_store.hpp"

namespace sealstream {

namespace {

constexpr std::chrono::milliseconds again_pause{200};
constexpr int again_max = 50; // tries of a fold that others are in the way of

struct Begun {
    ProjectionVersion version;
    std::vector<Snapshot> refused;
    std::vector<std::string> reasons; // of those
};

class PastBuild {
public:
    PastBuild(FoldContext context, Defined defined, PastOptions options)
        : context_{std::move(context)},
          defined_{std::move(defined)},
          options_{options}
    {
        context_.folds = {defined_.fold};
        context_.is_alone = true;
    }

    Task<Result<PastReport>> run()
    {
        const Monotonic started = context_.clock.monotonic();
        if (defined_.incarnation != context_.log.incarnation()) {
            co_return Error{Errc::corrupt,
                            defined_.fold.name + " was folded from another log than this one"};
        }
        auto lend = [&pool = context_.pool] { return pool.lend(); };
        SEAL_CO_TRY(holder, co_await context_.threads.run(lend));
        holder.close_at_return();
        SEAL_CO_TRY(lease, co_await context_.threads.run(lend));
        lease.close_at_return();
        auto begin = [this, &connection = *lease, &keeper = *holder] {
            return begin_tables(connection, keeper);
        };
        SEAL_CO_TRY(begun, co_await context_.threads.run(std::move(begin)));
        tell_refused(begun);

        const ProjectionVersion version = begun.version;
        auto built = co_await build(version, std::move(lease));
        if (!built) {
            holder->roll_back();
            co_await clean_up(version.version, std::move(holder));
            co_return built.error();
        }
        PastReport report;
        report.past = {version.name, version.version, version.schema_name, options_.at,
                       version.cursor};
        report.events = options_.at.value - version.cursor.value;
        report.refused = std::move(begun.reasons);
        report.total = context_.clock.monotonic() - started;
        report.holder.emplace(std::move(holder));
        co_return report;
    }

private:
    [[nodiscard]] const std::string& ledger() const { return context_.options.ledger; }

    // Blocks. Each try is a transaction of its own: what a bad snapshot has left is rolled back.
    Result<Begun> begin_tables(Connection& connection, Connection& holder)
    {
        SEAL_TRY(is_ours, try_make_past(holder, ledger(), defined_.fold.name, options_.at));
        if (!is_ours) {
            return Error{Errc::conflict, "the same state is being made"};
        }
        Begun begun;
        if (options_.has_snapshots) {
            SEAL_TRY(bases, find_bases(connection, ledger(), defined_.fold, defined_.incarnation,
                                       options_.at));
            for (Snapshot& base : bases) {
                if (options_.snapshot && base.position != *options_.snapshot) {
                    continue;
                }
                SEAL_TRY_VOID(check_distance(base.position));
                auto made = try_base(connection, holder, &base);
                if (made) {
                    begun.version = *std::move(made);
                    return begun;
                }
                if (made.error().code != Errc::corrupt) {
                    return made.error();
                }
                SEAL_TRY_VOID(connection.run_script(connection.reset_script()));
                SEAL_TRY(is_news, refuse_snapshot(holder, ledger(), base, made.error().context));
                if (is_news) {
                    begun.reasons.push_back(made.error().context);
                    begun.refused.push_back(std::move(base));
                }
            }
        }
        if (options_.snapshot) {
            return Error{Errc::not_found, "no snapshot of " + defined_.fold.name + " at position " +
                                              std::to_string(options_.snapshot->value) +
                                              " that can be used"};
        }
        SEAL_TRY_VOID(check_distance(Position{}));
        SEAL_TRY(made, try_base(connection, holder, nullptr));
        begun.version = std::move(made);
        return begun;
    }

    Result<void> check_distance(Position base) const
    {
        const std::uint64_t events = options_.at.value - base.value;
        if (options_.events_max && events > *options_.events_max) {
            return Error{Errc::refused,
                         std::to_string(events) + " events lie between " +
                             (base.value == 0
                                  ? std::string{"the beginning of the log"}
                                  : "the snapshot at position " + std::to_string(base.value)) +
                             " and position " + std::to_string(options_.at.value)};
        }
        return {};
    }

    Result<ProjectionVersion> try_base(Connection& connection, Connection& holder,
                                       const Snapshot* base)
    {
        SEAL_TRY(transaction, Transaction::begin(connection));
        SEAL_TRY(version, create_past(connection, ledger(), defined_.fold, defined_.incarnation,
                                      options_.is_kept));
        if (base != nullptr) {
            SEAL_TRY_VOID(load_snapshot(connection, ledger(), defined_.fold, *base,
                                        options_.load_time_max, version));
        }
        SEAL_TRY_VOID(
            begin_past(connection, holder, ledger(), version, options_.at, options_.is_kept));
        SEAL_TRY_VOID(transaction.commit());
        return version;
    }

    void tell_refused(const Begun& begun)
    {
        for (std::size_t at = 0; at < begun.refused.size(); ++at) {
            log(Level::error, "snapshot.refused", "projections",
                {{"projection", begun.refused[at].name},
                 {"number", begun.refused[at].number},
                 {"position", begun.refused[at].position.value},
                 {"why", begun.reasons[at]}});
            if (options_.metrics != nullptr) {
                options_.metrics->refused(begun.refused[at].name);
            }
        }
    }

    Task<Result<void>> build(ProjectionVersion version, Pool::Lease lease)
    {
        auto prepare = [this, &connection = *lease] {
            return prepare_session(connection, ledger(), context_.folds);
        };
        SEAL_CO_TRY_VOID(co_await context_.threads.run(std::move(prepare)));
        FoldRun folding{context_, std::move(lease), {version}};
        SEAL_CO_TRY_VOID(co_await fold_up(folding));
        auto finish = [this, &connection = folding.connection(),
                       made = folding.owned().front()]() -> Result<void> {
            SEAL_TRY_VOID(make_indexes(connection, ledger(), defined_.fold, made));
            if (defined_.fold.is_apart()) {
                SEAL_TRY_VOID(
                    make_pack_reader(connection, ledger(), defined_.fold.pack, {made.schema_name}));
            }
            return complete_past(connection, ledger(), made);
        };
        co_return co_await context_.threads.run(std::move(finish));
    }

    Task<Result<void>> fold_up(FoldRun& folding)
    {
        for (int tries = 0; folding.lowest() < options_.at;) {
            const Position before = folding.lowest();
            SEAL_CO_TRY_VOID(co_await folding.run(options_.at));
            if (context_.stop.requested()) {
                co_return Error{Errc::shutting_down, "making it was interrupted"};
            }
            if (folding.left_behind().empty()) {
                continue;
            }
            const FoldSetback setback = folding.left_behind().front().setback;
            tries = before < folding.lowest() ? 0 : tries + 1;
            if (setback.setback != Setback::again || tries > again_max) {
                co_return Error{Errc::refused, setback.code + ": " + setback.error.context};
            }
            co_await context_.stop.sleep_for(again_pause);
        }
        co_return Result<void>{};
    }

    // What can not be dropped now is dropped by whoever evicts next.
    Task<void> clean_up(int version, Pool::Lease holder)
    {
        auto job = [this, version, lent = std::move(holder)]() mutable -> Result<bool> {
            const Pool::Lease keeper = std::move(lent); // back before this job is over
            SEAL_TRY(released, keeper->run("SELECT pg_catalog.pg_advisory_unlock_all()"));
            return drop_past(*keeper, ledger(), defined_.fold.name, version);
        };
        const auto dropped = co_await context_.threads.run(std::move(job));
        if (!dropped) {
            log(Level::debug, "past.not_dropped", "projections",
                {{"projection", defined_.fold.name}, {"why", describe(dropped.error())}});
        }
    }

    FoldContext context_;
    Defined defined_;
    const PastOptions options_;
};

} // namespace

Task<Result<PastReport>> build_past(FoldContext context, Defined defined, PastOptions options)
{
    PastBuild build{std::move(context), std::move(defined), options};
    auto report = co_await build.run();
    co_return report;
}

} // namespace sealstream
