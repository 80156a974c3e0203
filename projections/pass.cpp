// Invariants
//   1. A row's cursor is the last position whose effects are in its tables: both move in one
//   transaction.
//   2. Only the owner of the highest epoch moves a cursor, and only from where it believes it to
//   be.

#include "projections/pass.hpp"

namespace sealstream {

namespace {

// Not prepared: a pack's SQL may leave other statements under our names (Connection::run()).
constexpr const char* fence =
    "SELECT state, cursor, epoch, EXISTS (SELECT FROM sealstream.parked_streams AS s"
    "  WHERE s.ledger = p.ledger AND s.name = p.name AND s.version = p.version)"
    " FROM sealstream.projections AS p"
    " WHERE ledger = $1 AND name = $2 AND version = $3 FOR UPDATE OF p";

constexpr const char* move_cursor =
    "UPDATE sealstream.projections"
    " SET cursor = $4, skipped_types = $6::text[], schema_versions = $7::text[],"
    "  folded_to = pg_catalog.to_timestamp($8::double precision), changed_at = clock_timestamp()"
    " WHERE ledger = $1 AND name = $2 AND version = $3 AND cursor = $5";

constexpr const char* use_pass_schema = "SELECT set_config('search_path', $1, true)";

constexpr const char* asked_retry =
    "SELECT stream_type, stream_id FROM sealstream.parked_streams WHERE ledger = $1"
    " AND name = $2 AND version = $3 AND retry_asked IS NOT NULL ORDER BY first_position LIMIT 1";
constexpr const char* give_retry_up =
    "UPDATE sealstream.parked_streams SET retry_asked = NULL, reason = $6 WHERE ledger = $1"
    " AND name = $2 AND version = $3 AND stream_type = $4 AND stream_id = $5";

// Whether it has parked streams.
Result<bool> check_owned(Connection& connection, const std::string& ledger,
                         const ProjectionVersion& owned, Position from)
{
    SEAL_TRY(row, connection.run(fence, {ledger, owned.name, std::to_string(owned.version)}));
    if (row.rows() == 0 || row.text(0, 0) != name(owned.state)) {
        return Error{Errc::conflict, owned.name + " was replaced by another version"};
    }
    if (static_cast<std::uint64_t>(row.integer(0, 2)) != owned.epoch) {
        return Error{Errc::refused, owned.name + " was taken over by another projector"};
    }
    if (static_cast<std::uint64_t>(row.integer(0, 1)) != from.value) {
        return Error{Errc::conflict, owned.name + " stands at " + std::string{row.text(0, 1)} +
                                         ", not at " + std::to_string(from.value)};
    }
    return row.boolean(0, 3);
}

Result<void> fold(Connection& connection, const Projection& projection,
                  const ProjectionVersion& owned)
{
    SEAL_TRY(used, connection.run(use_pass_schema, {sql_name(owned.schema_name) + ", pg_temp"}));
    const auto folded = connection.run_script(projection.apply_sql);
    if (!folded) {
        return with_context(folded.error(), "folding " + projection.name);
    }
    return {};
}

Result<void> move(Connection& connection, const std::string& ledger, const ProjectionVersion& owned,
                  const Pass& pass, const BatchRows& batch)
{
    const double ingested = static_cast<double>(batch.last_ingested.nanoseconds) / 1e9;
    SEAL_TRY(moved, connection.run(move_cursor,
                                   {ledger, owned.name, std::to_string(owned.version),
                                    std::to_string(pass.to.value), std::to_string(pass.from.value),
                                    sql_array(batch.skipped_types),
                                    sql_array(batch.schema_versions), std::to_string(ingested)}));
    if (moved.rows_affected() != 1) {
        return Error{Errc::internal, "a locked cursor moved"};
    }
    return {};
}

// One pass, while its transaction is open.
class OpenPass {
public:
    OpenPass(Connection& connection, const ApartOptions& options, FoldTarget target,
             const Pass& pass, BatchRows& batch)
        : connection_{connection},
          options_{options},
          target_{target},
          pass_{pass},
          batch_{batch}
    {
    }

    Result<void> check_all()
    {
        for (const std::size_t at : pass_.projections) {
            SEAL_TRY(parked,
                     check_owned(connection_, options_.ledger, target_.owned[at], pass_.from));
            has_parked_.push_back(parked);
        }
        return {};
    }

    Result<void> load()
    {
        const auto loaded = connection_.copy_in(copy_batch, batch_.rows.finish());
        return loaded ? loaded : with_context(loaded.error(), "loading the batch");
    }

    Result<void> fold_all()
    {
        for (std::size_t index = 0; index < pass_.projections.size(); ++index) {
            const std::size_t at = pass_.projections[index];
            if (!target_.folds[at].is_apart()) {
                const auto folded = fold(connection_, target_.folds[at], target_.owned[at]);
                if (!folded) {
                    return folded;
                }
                moving_.push_back(at);
                continue;
            }
            const auto folded = fold_pack(at, has_parked_[index]);
            if (!folded) {
                return folded;
            }
        }
        return connection_.run_script(fold_settings());
    }

    Result<void> move_all()
    {
        for (const std::size_t at : moving_) {
            const auto done = move(connection_, options_.ledger, target_.owned[at], pass_, batch_);
            if (!done) {
                return done;
            }
        }
        return {};
    }

    [[nodiscard]] std::vector<LeftBehind>& left_behind() noexcept { return left_; }

private:
    Result<void> fold_pack(std::size_t at, bool has_parked)
    {
        watch(static_cast<int>(at));
        ApartFold apart{connection_, options_, target_.folds[at], target_.owned[at],
                        is_batch_used_};
        auto folded = apart.fold({pass_.from.next(), pass_.to}, has_parked, target_.is_alone);
        if (!folded) {
            return folded.error(); // and the watch tells who it was
        }
        watch(-1);
        if (*folded) {
            left_.push_back({at, std::move(**folded)});
        } else {
            moving_.push_back(at);
        }
        return {};
    }

    void watch(int projection)
    {
        if (options_.watch != nullptr) {
            options_.watch->projection.store(projection);
        }
    }

    Connection& connection_;
    const ApartOptions& options_;
    FoldTarget target_;
    const Pass& pass_;
    BatchRows& batch_;
    std::vector<bool> has_parked_;
    std::vector<std::size_t> moving_;
    std::vector<LeftBehind> left_;
    bool is_batch_used_{false};
};

} // namespace

Result<void> prepare_session(Connection& connection, const std::string& ledger,
                             const std::vector<Projection>& folds)
{
    std::string script = std::string{create_incoming_table} + ";" + create_batch_tables;
    for (const Projection& fold : folds) {
        if (fold.is_apart()) {
            script += "GRANT SELECT, UPDATE (data, schema_version) ON pg_temp.batch TO " +
                      sql_name(apart_roles(ledger, fold.pack).fold) + ";";
        }
    }
    return connection.run_script(script);
}

Result<std::vector<LeftBehind>> apply_pass(Connection& connection, const ApartOptions& options,
                                           FoldTarget target, const Pass& pass, BatchRows& batch,
                                           FoldFaults& faults)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY_VOID(connection.run_script(fold_settings()));
    SEAL_TRY_VOID(faults.after(FoldStep::begun));
    OpenPass open{connection, options, target, pass, batch};
    SEAL_TRY_VOID(open.check_all());
    SEAL_TRY_VOID(faults.after(FoldStep::fenced));
    SEAL_TRY_VOID(open.load());
    SEAL_TRY_VOID(faults.after(FoldStep::copied));
    SEAL_TRY_VOID(open.fold_all());
    SEAL_TRY_VOID(faults.after(FoldStep::folded));
    SEAL_TRY_VOID(open.move_all());
    SEAL_TRY_VOID(faults.after(FoldStep::moved));
    SEAL_TRY_VOID(transaction.commit());
    SEAL_TRY_VOID(faults.after(FoldStep::committed));
    return std::move(open.left_behind());
}

Result<bool> retry_parked(Connection& connection, const ApartOptions& options,
                          const Projection& fold, const ProjectionVersion& owned,
                          std::size_t events_max)
{
    SqlValues which{options.ledger, owned.name, std::to_string(owned.version)};
    SEAL_TRY(asked, connection.run(asked_retry, which));
    if (asked.rows() == 0) {
        return false;
    }
    const StreamName stream{std::string{asked.text(0, 0)}, std::string{asked.text(0, 1)}};
    Error failed;
    {
        SEAL_TRY(transaction, Transaction::begin(connection));
        SEAL_TRY_VOID(connection.run_script(fold_settings()));
        SEAL_TRY(parked, check_owned(connection, options.ledger, owned, owned.cursor));
        bool is_batch_used = false;
        ApartFold apart{connection, options, fold, owned, is_batch_used};
        const auto tried = apart.retry(stream, events_max);
        if (tried) {
            SEAL_TRY_VOID(transaction.commit());
            return parked;
        }
        failed = tried.error();
    }
    if (connection.is_broken()) {
        return failed;
    }
    which.emplace_back(stream.type);
    which.emplace_back(stream.id);
    which.emplace_back(failed.context);
    SEAL_TRY(given_up, connection.run(give_retry_up, which));
    return true;
}

} // namespace sealstream
