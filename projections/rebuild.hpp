#pragma once

// Rebuilds a projection from the first event, beside the active version; compares the two; swaps
// them in one short transaction. The old version stays, retired, until the next rebuild.
//
// Executor   The I/O thread; SQL runs on the blocking pool, over two connections.
// Readers    See the old version until the swap commits, the new one from then on.
// Projector  Waits only while the versions are compared and swapped; then it goes on with the new
//            version.

#include "projections/fold_run.hpp"
#include "projections/versions.hpp"

namespace sealstream {

struct RebuildOptions {
    bool compares{true}; // at one and the same position; takes a pass over both versions
    bool swaps{true};    // else the new version is dropped at the end: a comparison only
};

struct RebuildProgress {
    enum class Stage : std::uint8_t { folding, indexing, comparing, swapping, done };
    Stage stage{Stage::folding};
    Position folded;
    Position head;
};

struct RebuildReport {
    int version{0};         // of what was built
    Position cursor;        // where it stands
    bool was_active{false}; // there was a version to compare with and replace
    bool is_equal{true};    // as far as it was compared
    std::vector<std::string> different_tables;
    std::vector<TableDigest> tables; // of the new version, when it was compared
    std::chrono::nanoseconds total{0};
    std::chrono::nanoseconds held{0}; // how long folding of the active version was held up
    std::chrono::nanoseconds swap{0}; // from the first change to the commit
};

// `context` folds exactly one projection. `progress` is called at home; may be empty.
//
//   conflict   another rebuild of this projection runs
//   corrupt, and the codes of FoldRun::run()   nothing was swapped; the next rebuild cleans up
[[nodiscard]] Task<Result<RebuildReport>>
rebuild_projection(FoldContext context, RebuildOptions options,
                   std::function<void(const RebuildProgress&)> progress);

} // namespace sealstream
