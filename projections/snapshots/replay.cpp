#include "projections/snapshots/replay.hpp"

#include "core/base/log.hpp"
#include "projections/snapshots/snapshot_store.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr const char* select_past =
    "SELECT cursor FROM sealstream.projections WHERE ledger = $1 AND name = $2 AND version = $3"
    " AND state = 'past' FOR UPDATE";
constexpr const char* forget_past = "DELETE FROM sealstream.past_versions"
                                    " WHERE ledger = $1 AND name = $2 AND version = $3";
constexpr const char* pause_active =
    "UPDATE sealstream.projections SET paused_at = clock_timestamp()"
    " WHERE ledger = $1 AND name = $2 AND state = 'active'";

void compare(const std::vector<TableDigest>& others, ReplayReport& report)
{
    for (const TableDigest& table : report.tables) {
        if (std::find(others.begin(), others.end(), table) == others.end()) {
            report.different_tables.push_back(table.table);
        }
    }
    report.is_equal = report.different_tables.empty() && others.size() == report.tables.size();
}

Result<std::vector<TableDigest>> digest_alone(Connection& connection, const std::string& schema)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY_VOID(
        connection.run_script(std::string{digest_settings()} + "SET LOCAL statement_timeout = 0"));
    auto digests = digest_tables(connection, schema);
    return digests;
}

// Inside the caller's transaction.
Result<void> swap_in_one(Connection& connection, const std::string& ledger, const PastVersion& past)
{
    SEAL_TRY(is_free, try_move_versions(connection, ledger, past.projection));
    SEAL_TRY(is_unused, try_move_past(connection, ledger, past.projection, past.version));
    if (!is_free || !is_unused) {
        return Error{Errc::conflict, is_free
                                         ? "version " + std::to_string(past.version) + " of " +
                                               past.projection + " is being read"
                                         : "a snapshot of " + past.projection + " is being taken"};
    }
    SEAL_TRY(active, read_active(connection, ledger, past.projection, true));
    const SqlValues key{ledger, past.projection, std::to_string(past.version)};
    SEAL_TRY(found, connection.run(select_past, key));
    if (found.rows() == 0) {
        return Error{Errc::not_found,
                     "version " + std::to_string(past.version) + " of " + past.projection};
    }
    ProjectionVersion building;
    building.name = past.projection;
    building.version = past.version;
    building.schema_name = past.schema_name;
    SEAL_TRY_VOID(swap_versions(connection, ledger, &active, building));
    SEAL_TRY(forgotten, connection.run(forget_past, key));
    return {};
}

// Everything after the tables are built.
class Replay {
public:
    Replay(FoldContext context, Defined defined, ReplayOptions options)
        : context_{std::move(context)},
          defined_{std::move(defined)},
          options_{options}
    {
    }

    Task<Result<ReplayReport>> run()
    {
        auto look = [this]() -> Result<LiveTables> {
            SEAL_TRY(lease, context_.pool.lend());
            lease.close_at_return();
            return read_live_tables(*lease, context_.options.ledger, name());
        };
        SEAL_CO_TRY(live, co_await context_.threads.run(std::move(look)));
        PastOptions past;
        past.at = options_.to.value_or(live.cursor);
        past.is_kept = options_.is_kept;
        past.has_snapshots = options_.has_snapshots;
        past.snapshot = options_.snapshot;
        SEAL_CO_TRY(built, co_await build_past(context_, defined_, past));

        ReplayReport report;
        report.past = built.past;
        report.events = built.events;
        report.total = built.total;
        report.refused = std::move(built.refused);
        report.live_cursor = live.cursor;
        auto digest = [this, schema = built.past.schema_name](Connection& connection) {
            return digest_alone(connection, schema);
        };
        SEAL_CO_TRY(tables,
                    co_await with_connection(context_.threads, context_.pool, std::move(digest)));
        report.tables = std::move(tables);
        SEAL_CO_TRY_VOID(co_await compare_with_others(live, report));
        if (!options_.is_kept) {
            auto drop = [this, version = report.past.version,
                         lent = std::move(*built.holder)]() mutable -> Result<bool> {
                const Pool::Lease holder = std::move(lent); // back before this job is over
                SEAL_TRY(released, holder->run("SELECT pg_catalog.pg_advisory_unlock_all()"));
                return drop_past(*holder, context_.options.ledger, name(), version);
            };
            // Where a question reads it now, it goes when it is not used any more.
            SEAL_CO_TRY(is_dropped, co_await context_.threads.run(std::move(drop)));
            static_cast<void>(is_dropped);
        }
        co_return report;
    }

private:
    [[nodiscard]] const std::string& name() const { return defined_.fold.name; }

    Task<Result<void>> compare_with_others(const LiveTables& live, ReplayReport& report)
    {
        if (report.past.position == live.cursor) {
            report.other = ReplayReport::Other::live;
            compare(live.tables, report);
            co_return Result<void>{};
        }
        auto find = [this, at = report.past.position](Connection& connection) {
            return find_bases(connection, context_.options.ledger, defined_.fold,
                              defined_.incarnation, at);
        };
        SEAL_CO_TRY(bases,
                    co_await with_connection(context_.threads, context_.pool, std::move(find)));
        const bool is_there = !bases.empty() && bases.front().position == report.past.position;
        if (is_there && report.past.base != report.past.position) {
            report.other = ReplayReport::Other::snapshot;
            compare(bases.front().tables, report);
        }
        co_return Result<void>{};
    }

    FoldContext context_;
    const Defined defined_;
    const ReplayOptions options_;
};

} // namespace

Result<LiveTables> read_live_tables(Connection& connection, const std::string& ledger,
                                    const std::string& projection)
{
    SEAL_TRY(is_held, try_hold_versions(connection, ledger, projection));
    if (!is_held) {
        return Error{Errc::conflict, "the versions of " + projection + " are being swapped"};
    }
    SEAL_TRY_VOID(connection.run_script("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ;"
                                        "SET LOCAL statement_timeout = 0;" +
                                        std::string{digest_settings()}));
    SEAL_TRY(active, read_active(connection, ledger, projection, false));
    SEAL_TRY(tables, digest_tables(connection, active.schema_name));
    return LiveTables{active.cursor, std::move(tables)};
}

Task<Result<ReplayReport>> replay_projection(FoldContext context, Defined defined,
                                             ReplayOptions options)
{
    Replay replay{std::move(context), std::move(defined), options};
    auto report = co_await replay.run();
    co_return report;
}

Result<void> swap_in_past(Connection& connection, const std::string& ledger,
                          const std::vector<PastVersion>& versions, bool is_paused)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    for (const PastVersion& past : versions) {
        SEAL_TRY_VOID(swap_in_one(connection, ledger, past));
        if (is_paused) {
            SEAL_TRY(paused, connection.run(pause_active, {ledger, past.projection}));
        }
    }
    return transaction.commit();
}

} // namespace sealstream
