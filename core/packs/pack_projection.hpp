#pragma once

// The read models of a pack. Each projection has tables in a Postgres schema of its own, a cursor
// and a version; the pack's role owns its schemas and can touch nothing else. Queries and guards
// see the schemas of all projections of their pack, so they name tables plainly.

#include "core/packs/sql_text.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sealstream {

// How events reach a fold; both read the temporary table `batch` (projections/batch_rows.hpp), with
// the data already upcast.
enum class FoldForm : std::uint8_t {
    set,  // statements, run once a batch
    rows, // the body of a PL/pgSQL loop, run once an event in the order of the log; the record is
          // `e`
};

struct PackProjection {
    std::string name{};
    std::uint32_t version{1};  // raised with other SQL: a rebuild beside the old one
    std::string tables_sql{};  // makes the empty tables, functions, types
    std::string indexes_sql{}; // what a rebuild makes only at its end; may be empty
    FoldForm form{FoldForm::set};
    std::string apply_sql{};
    // Events of these stream types; empty: of the pack's own. "*": of every type of the ledger.
    std::vector<std::string> follows{};
    bool is_skipping{true}; // events of types that are skip_in_projection do not reach it
};

// The name that the projector knows it by: "deals" when both are the same, else "deals_board". At
// most 24 bytes; the loader checks that.
[[nodiscard]] std::string projection_name(std::string_view pack, std::string_view projection);

} // namespace sealstream
