#pragma once

// Rows of sealstream.projection_snapshots.

#include "projections/snapshots/snapshot.hpp"

namespace sealstream {

// What snapshot_in() reads, of the table as `s`.
inline constexpr const char* snapshot_columns =
    "s.name, s.number, s.position, s.version, s.schema_name, s.fold_digest, s.incarnation,"
    " array_to_string(s.skipped_types, chr(31)), array_to_string(s.schema_versions, chr(31)),"
    " s.folded_to, array_to_string(s.tables, chr(31)), array_to_string(s.sequences, chr(31)),"
    " s.seal, s.bytes";

// The members of an array that is selected as one text, with chr(31) between them.
[[nodiscard]] std::vector<std::string> parts_in(std::string_view text);

[[nodiscard]] Snapshot snapshot_in(const SqlResult& rows, std::size_t row);

//   everything that a statement can fail with
[[nodiscard]] Result<void> insert_snapshot(Connection& connection, const std::string& ledger,
                                           const Snapshot& snapshot,
                                           std::chrono::microseconds took);

} // namespace sealstream
