#pragma once

// What the log has of events that are to be appended: tells a repeat from a new event under a used
// id.

#include "core/rules/rulebook.hpp"
#include "node/http/id_lookup.hpp"

namespace sealstream::http {

// A draft on its way to its stream.
struct DraftAt {
    const StreamName* stream;
    const Draft* draft;
};

// What is known of one event before it is appended.
struct KnownPlace {
    Placed placed;
    bool is_same{false}; // the record says what the draft says
};
using KnownPlaces = std::vector<std::optional<KnownPlace>>; // in the order of the drafts

// What it needs of a ledger.
struct KnownEventsParts {
    EventLog& log;
    IdLookup* id_lookup{nullptr}; // null: nothing is known
    RulebookPtr rules{};          // null: nothing is redacted
    std::size_t page_bytes_max{4 << 20};
};

// Reads the records at `places` and compares them with the drafts that have these ids. Nothing for
// a draft that is not in `places`. A record from before a redaction counts as the same when it is
// the same after today's redactions, which the drafts have gone through. Of a payload that is
// forgotten nothing is compared.
//   corrupt       the index knows what the log does not have
//   unavailable   the log does not answer
[[nodiscard]] Task<Result<KnownPlaces>>
compare_with_log(KnownEventsParts parts, std::vector<DraftAt> drafts, IdLookup::Places places);

// Finds them first, all that are in the log (IdLookup::find_all), and compares.
//   as both
[[nodiscard]] Task<Result<KnownPlaces>> find_known(KnownEventsParts parts,
                                                   std::vector<DraftAt> drafts);

// The first answer again, when all are there with the same content.
//   key_reuse   they are not
[[nodiscard]] Result<Appended> original_answer(const KnownPlaces& known);

[[nodiscard]] std::vector<DraftAt> drafts_of(const std::vector<StreamAppend>& batch);

} // namespace sealstream::http
