#pragma once

// What a verifier has to say, one finding for each thing that is not as it was sealed.

#include "audit/merkle_hash.hpp"
#include "core/event/event_id.hpp"
#include "core/event/position.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sealstream {

enum class FindingKind : std::uint8_t {
    // The log is not what was sealed.
    event_changed,  // the same event, other bytes
    event_missing,  // sealed, and not in the log
    event_inserted, // between sealed events, and never sealed
    event_moved,    // another position than the one it was sealed at
    event_replaced, // another event stands where this one was sealed
    version_broken, // versions of a stream are not dense
    chain_broken,   // the hashes of a chained stream do not fit
    not_a_record,   // bytes that no codec reads
    other_log,      // the log was deleted and made again
    // The auditor has sealed that something was wrong.
    gap_sealed,
    rollback_sealed,
    // The audit stream contradicts itself.
    entry_malformed,
    leaf_malformed,
    leaf_changed, // not the leaf that the next one follows
    leaf_missing,
    leaf_misplaced, // wrong index, or it covers positions out of order
    time_went_back,
    epoch_broken,
    checkpoint_wrong, // not the root of these leaves
    signature_bad,
    history_lost, // the audit stream ends before a checkpoint that is known
    // Nothing can be said.
    key_untrusted,
    no_checkpoint,
    store_unreachable,
    unsealed_too_long, // events wait for their leaf for longer than an auditor takes
};

[[nodiscard]] std::string_view name(FindingKind kind) noexcept;

// Whether it shows tampering or loss, rather than that nothing can be said.
[[nodiscard]] bool is_tampering(FindingKind kind) noexcept;

struct Finding {
    FindingKind kind{};
    std::optional<Position> position;
    std::optional<EventId> event;
    std::string stream; // type/id, where the record tells
    std::optional<std::uint64_t> leaf_index;
    std::optional<Digest> expected; // hash as sealed
    std::optional<Digest> found;
    std::string text; // for people
};

// "event_changed at position 7 (event 0190…, stream deal/1, leaf 8): the record …"
[[nodiscard]] std::string describe(const Finding& finding);

} // namespace sealstream
