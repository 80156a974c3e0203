#pragma once

// Cursors and their tables in Postgres. The functions block and work on one connection; each is one
// transaction, or says that it runs inside the caller's.

#include "postgres/connection.hpp"
#include "projections/batch_rows.hpp"
#include "projections/plan.hpp"
#include "projections/projection.hpp"

namespace sealstream {

// Where a test may strike: after each step of a pass.
enum class FoldStep : std::uint8_t { begun, fenced, copied, folded, moved, committed };
inline constexpr std::size_t fold_steps = 6;

class FoldFaults {
public:
    virtual ~FoldFaults() = default;
    // An error ends the pass there, as if the projector had been destroyed.
    [[nodiscard]] virtual Result<void> after(FoldStep) { return {}; }
};

// Makes the tables of what does not exist yet, and takes all of it: a new epoch each.
//
//   corrupt       the cursor belongs to another log
//   unsupported   the tables were made by other SQL: rebuild
[[nodiscard]] Result<std::vector<ProjectionVersion>>
claim_active(Connection& connection, const std::string& ledger,
             const std::vector<Projection>& projections, const std::string& incarnation);

// The tables of a new version to build beside the active one, without the indexes.
[[nodiscard]] Result<ProjectionVersion> create_building(Connection& connection,
                                                        const std::string& ledger,
                                                        const Projection& projection,
                                                        const std::string& incarnation);

// The session's temporary table; needed before apply_pass().
[[nodiscard]] Result<void> prepare_session(Connection& connection);

// What a pass works on; `owned` are as claimed, `folds` stand beside them.
struct FoldTarget {
    const std::vector<Projection>& folds;
    const std::vector<ProjectionVersion>& owned;
};

// One transaction: lock and check the cursors, load the batch, fold it, move the cursors. Nothing
// happens unless all of it does; a pass that had already happened is a `conflict`, so no event
// counts twice.
//
//   refused           another projector has claimed it: stop
//   conflict          the cursor or the version is not what it was: read it again
//   outcome_unknown   the commit may have happened: read the cursor again
[[nodiscard]] Result<void> apply_pass(Connection& connection, const std::string& ledger,
                                      FoldTarget target, const Pass& pass, BatchRows& batch,
                                      FoldFaults& faults);

// Makes a halt of the active versions visible to everybody; cleared by the next claim.
[[nodiscard]] Result<void> record_halt(Connection& connection, const std::string& ledger,
                                       const std::vector<Projection>& projections,
                                       const std::string& reason);

// The version that readers see. `is_locked`: inside the caller's transaction, nobody folds until it
// ends.
//   not_found   no such projection
[[nodiscard]] Result<ProjectionVersion> read_active(Connection& connection,
                                                    const std::string& ledger,
                                                    const std::string& name, bool is_locked);

// Whether this session now owns these projections; that ends with the session. Keeps standbys
// waiting; what makes folding safe is the epoch.
[[nodiscard]] Result<bool> try_own(Connection& connection, const std::string& ledger,
                                   const std::vector<Projection>& projections);

// A name inside SQL text.
[[nodiscard]] std::string sql_name(std::string_view identifier);

} // namespace sealstream
