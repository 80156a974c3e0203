#pragma once

// A named read model: the tables, and the SQL that folds events into them. Its tables live in a
// Postgres schema of their own, and its SQL names them without schema.

#include "core/event/position.hpp"
#include "core/packs/pack_projection.hpp"

#include <string>
#include <vector>

namespace sealstream {

// Makes the data of an event as it was at schema version `from` into that of the version after it.
struct FoldUpcast {
    std::string type;
    std::uint32_t from{1};
    std::string data; // SQL expression over the columns `data` and `meta`
};

struct Projection {
    std::string name;        // [a-z][a-z0-9_]{0,23}
    std::string schema_sql;  // makes the empty tables
    std::string indexes_sql; // makes what a rebuild makes only at its end; may be empty
    // Folds a batch, set-based: our own reads the temporary table `incoming` (batch_rows.hpp), that
    // of a pack `batch` (apart/batch_table.hpp).
    std::string apply_sql;

    // Of a pack: whose roles run its SQL, and what reaches it.
    std::string pack{}; // empty: our own
    FoldForm form{FoldForm::set};
    std::vector<std::string> follows{}; // stream types; empty: all
    bool is_skipping{false};            // events whose type is skip_in_projection do not reach it
    std::vector<FoldUpcast> upcasts{};

    [[nodiscard]] bool is_apart() const noexcept { return !pack.empty(); }

    // Of all above but the name: tables that were made by other text need a rebuild.
    [[nodiscard]] std::string digest() const;
};

// The event index (core/ports/event_index.hpp).
inline constexpr const char* event_index_name = "event_index";
[[nodiscard]] Projection event_index_projection();

// One version of a projection, as its row in sealstream.projections says.
struct ProjectionVersion {
    // past: as it was at one position, beside the active one
    enum class State : std::uint8_t { active, building, retired, past };

    std::string name;
    int version{1};
    State state{State::active};
    std::string schema_name;
    Position cursor;
    std::uint64_t epoch{0};                     // of the owner that claimed it
    std::string fold_digest;                    // Projection::digest() at its making
    std::vector<std::string> skipped_types{};   // SkipRules at the cursor
    std::vector<std::string> schema_versions{}; // the same
};

[[nodiscard]] std::string_view name(ProjectionVersion::State state);

// The active version's schema is "main_event_index", another's "main_event_index_v2".
[[nodiscard]] std::string active_schema_name(std::string_view ledger, std::string_view projection);
[[nodiscard]] std::string other_schema_name(std::string_view ledger, std::string_view projection,
                                            int version);
// "main_event_index$s7", "main_event_index$p12": of no projection, whose names have no $.
[[nodiscard]] std::string snapshot_schema_name(std::string_view ledger, std::string_view projection,
                                               int number);
[[nodiscard]] std::string past_schema_name(std::string_view ledger, std::string_view projection,
                                           int number);

//   bad_name   the projection's or the ledger's name breaks its rule
[[nodiscard]] Result<void> check_projection_name(std::string_view ledger, std::string_view name);

} // namespace sealstream
