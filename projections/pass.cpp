// Invariants
//   1. A row's cursor is the last position whose effects are in its tables: both move in one
//   transaction.
//   2. Only the owner of the highest epoch moves a cursor, and only from where it believes it to
//   be.

#include "projections/pass.hpp"

namespace sealstream {

namespace {

constexpr const char* fence = "SELECT state, cursor, epoch FROM sealstream.projections"
                              " WHERE ledger = $1 AND name = $2 AND version = $3 FOR UPDATE";

constexpr const char* move_cursor =
    "UPDATE sealstream.projections"
    " SET cursor = $4, skipped_types = $6::text[], changed_at = clock_timestamp()"
    " WHERE ledger = $1 AND name = $2 AND version = $3 AND cursor = $5";

constexpr const char* use_schema = "SELECT set_config('search_path', $1, true)";

// Losing the last commits in a crash loses nothing: their cursors are lost with them, and the log
// still has the events. Not waiting for the disk is worth much at small batches.
constexpr const char* do_not_wait_for_disk = "SET LOCAL synchronous_commit = off";

Result<void> check_owned(Connection& connection, const std::string& ledger,
                         const ProjectionVersion& owned, Position from)
{
    SEAL_TRY(row,
             connection.run_prepared(fence, {ledger, owned.name, std::to_string(owned.version)}));
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
    return {};
}

Result<void> fold(Connection& connection, const Projection& projection,
                  const ProjectionVersion& owned)
{
    SEAL_TRY(used, connection.run_prepared(use_schema, {sql_name(owned.schema_name)}));
    const auto folded = connection.run_script(projection.apply_sql);
    if (!folded) {
        return with_context(folded.error(), "folding " + projection.name);
    }
    return {};
}

Result<void> move(Connection& connection, const std::string& ledger, const ProjectionVersion& owned,
                  const Pass& pass, const std::vector<std::string>& skipped_types)
{
    SEAL_TRY(moved, connection.run_prepared(
                        move_cursor, {ledger, owned.name, std::to_string(owned.version),
                                      std::to_string(pass.to.value),
                                      std::to_string(pass.from.value), sql_array(skipped_types)}));
    if (moved.rows_affected() != 1) {
        return Error{Errc::internal, "a locked cursor moved"};
    }
    return {};
}

} // namespace

Result<void> prepare_session(Connection& connection)
{
    return connection.run_script(create_batch_table);
}

Result<void> apply_pass(Connection& connection, const std::string& ledger, FoldTarget target,
                        const Pass& pass, BatchRows& batch, FoldFaults& faults)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(unsynced, connection.run_prepared(do_not_wait_for_disk));
    const auto begun = faults.after(FoldStep::begun);
    if (!begun) {
        return begun.error();
    }
    for (const std::size_t at : pass.projections) {
        const auto checked = check_owned(connection, ledger, target.owned[at], pass.from);
        if (!checked) {
            return checked.error();
        }
    }
    const auto fenced = faults.after(FoldStep::fenced);
    if (!fenced) {
        return fenced.error();
    }
    const auto loaded = connection.copy_in(copy_batch, batch.rows.finish());
    if (!loaded) {
        return with_context(loaded.error(), "loading the batch");
    }
    const auto copied = faults.after(FoldStep::copied);
    if (!copied) {
        return copied.error();
    }
    for (const std::size_t at : pass.projections) {
        const auto done = fold(connection, target.folds[at], target.owned[at]);
        if (!done) {
            return done.error();
        }
    }
    const auto folded = faults.after(FoldStep::folded);
    if (!folded) {
        return folded.error();
    }
    for (const std::size_t at : pass.projections) {
        const auto done = move(connection, ledger, target.owned[at], pass, batch.skipped_types);
        if (!done) {
            return done.error();
        }
    }
    const auto moved = faults.after(FoldStep::moved);
    if (!moved) {
        return moved.error();
    }
    const auto committed = transaction.commit();
    if (!committed) {
        return committed.error();
    }
    return faults.after(FoldStep::committed);
}

} // namespace sealstream
