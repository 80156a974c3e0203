#pragma once

// One pass: a batch of events and the cursors of the projections that it is for, in one
// transaction.

#include "projections/apart/fold_apart.hpp"
#include "projections/batch_rows.hpp"
#include "projections/cursor_store.hpp"
#include "projections/plan.hpp"

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

// The session's temporary tables, which these folds may read; needed before apply_pass().
[[nodiscard]] Result<void> prepare_session(Connection& connection, const std::string& ledger,
                                           const std::vector<Projection>& folds);

// What a pass works on; `owned` are as claimed, `folds` stand beside them.
struct FoldTarget {
    const std::vector<Projection>& folds;
    const std::vector<ProjectionVersion>& owned;
    bool is_alone{false}; // nobody waits for it: a fold that takes too long is looked into
};

// Projections that a pass has left where they were, while the others moved.
struct LeftBehind {
    std::size_t projection; // index into the target
    FoldSetback setback;
};

// One transaction: lock and check the cursors, load the batch, fold it, move the cursors. Nothing
// happens unless all of it does, except that projections of packs fail on their own; a pass that
// had already happened is a `conflict`, so no event counts twice.
//
//   refused           another projector has claimed it: stop
//   conflict          the cursor or the version is not what it was: read it again
//   outcome_unknown   the commit may have happened: read the cursor again
[[nodiscard]] Result<std::vector<LeftBehind>> apply_pass(Connection& connection,
                                                         const ApartOptions& options,
                                                         FoldTarget target, const Pass& pass,
                                                         BatchRows& batch, FoldFaults& faults);

// One transaction: tries the oldest events of one parked stream again that somebody has asked for.
// True: there was one, so there may be more.
//   refused, conflict, outcome_unknown   as above
[[nodiscard]] Result<bool> retry_parked(Connection& connection, const ApartOptions& options,
                                        const Projection& fold, const ProjectionVersion& owned,
                                        std::size_t events_max);

} // namespace sealstream
