#pragma once

// Folds events into a projection of a pack: as the pack's role, each attempt in a savepoint, so
// that whatever goes wrong concerns this projection alone. Works inside the caller's transaction,
// whose cursors and rows it never touches; blocks.
//
// An event that can not be folded is found by halving the batch. Its stream is parked: this and all
// later events of it are kept aside, in order, until a retry; the rest flows.

#include "core/event/names.hpp"
#include "postgres/connection.hpp"
#include "projections/apart/batch_table.hpp"
#include "projections/apart/roles.hpp"
#include "projections/apart/setback.hpp"

#include <atomic>
#include <optional>

namespace sealstream {

// What runs now, for whoever must end a fold that does not end. Any thread.
struct FoldWatch {
    std::atomic<int> projection{-1};        // index into the target of the pass; -1: ours
    std::atomic<std::uint64_t> attempts{0}; // each has its own time limit
};

struct ApartOptions {
    std::string ledger{"main"};
    std::chrono::milliseconds timeout{30'000};
    std::size_t parked_streams_max{1'000}; // of one projection; more, and it halts
    FoldWatch* watch{nullptr};
};

// Why a projection did not move. Nothing of the batch has had an effect then.
struct FoldSetback {
    Setback setback{Setback::halt};
    std::string code; // "fold_error", "fold_slow", "too_many_parked" …: for programs
    Error error;
};

class ApartFold {
public:
    // All outlive this. `is_batch_used` says whether something has been in the table `batch` in
    // this transaction; it is kept up to date.
    ApartFold(Connection& connection, const ApartOptions& options, const Projection& projection,
              const ProjectionVersion& owned, bool& is_batch_used);

    // The events of `incoming` in the range. `is_slow_allowed`: nobody waits for this projection,
    // so a fold that takes too long is halved as well.
    //   unavailable   the connection broke
    [[nodiscard]] Result<std::optional<FoldSetback>> fold(EventRange range, bool has_parked,
                                                          bool is_slow_allowed);

    // The oldest events of a parked stream, at most `events_max`. True: more of it waits, and may
    // be tried at once; false: it flows again, or its next event can not be folded either.
    [[nodiscard]] Result<bool> retry(const StreamName& stream, std::size_t events_max);

private:
    struct Attempt {
        std::size_t events{0};
        std::optional<FoldSetback> setback;
        std::string sqlstate;
    };
    struct Halving;

    [[nodiscard]] Result<Attempt> attempt(std::string_view source, EventRange range);
    [[nodiscard]] Result<Attempt> undone(Error error, std::string sqlstate, std::size_t events);
    [[nodiscard]] Result<std::optional<FoldSetback>> halve(std::string_view source,
                                                           EventRange range);
    [[nodiscard]] Result<void> mark_stuck(std::string_view source, EventRange range,
                                          const Attempt& failed);
    [[nodiscard]] Result<std::optional<FoldSetback>> park(EventRange range);
    [[nodiscard]] std::string session_end(); // of an attempt
    [[nodiscard]] SqlValues key() const;

    Connection& connection_;
    const ApartOptions& options_;
    const Projection& projection_;
    const ProjectionVersion& owned_;
    const ApartRoles roles_;
    const std::string script_;
    bool& is_batch_used_;
};

// Settings of every transaction that folds, as text for run_script().
[[nodiscard]] const char* fold_settings() noexcept;

} // namespace sealstream
