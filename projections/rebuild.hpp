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

struct RebuildProgress {
    enum class Stage : std::uint8_t {
        folding,
        indexing,
        catching_up,
        comparing,
        ready,
        swapping,
        done
    };
    Stage stage{Stage::folding};
    int version{0}; // of what is built
    Position folded;
    Position head;
};
[[nodiscard]] std::string_view name(RebuildProgress::Stage stage);

enum class Steer : std::uint8_t { go_on, pause, swap, cancel };

// Who watches over a rebuild. Asked between pieces of work, about every second, and at each stage.
class RebuildSteering {
public:
    virtual ~RebuildSteering() = default;
    [[nodiscard]] virtual Task<Result<Steer>> steer(RebuildProgress progress) = 0;
    // What a comparison has found, before anything is done about it.
    [[nodiscard]] virtual Task<Result<void>> compared(bool is_equal,
                                                      std::vector<std::string> different) = 0;
};

struct RebuildOptions {
    bool compares{true}; // at one and the same position; takes a pass over both versions
    bool swaps{true};    // else the new version is dropped at the end; with a steering, it waits
                         // for Steer::swap
    bool swaps_different{true}; // what differs from the version it replaces
    bool goes_on{false};        // with what a rebuild by the same SQL has left behind
    bool has_indexes{false};    // what it has left has its indexes
    std::optional<std::uint64_t> events_per_second{}; // none: as fast as it goes
    RebuildSteering* steering{nullptr};
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
//   refused    it was cancelled, and dropped; or the pack's SQL fails
//   corrupt, and the codes of FoldRun::run()   nothing was swapped; the next rebuild cleans up, or
//   goes on
[[nodiscard]] Task<Result<RebuildReport>>
rebuild_projection(FoldContext context, RebuildOptions options,
                   std::function<void(const RebuildProgress&)> progress);

} // namespace sealstream
