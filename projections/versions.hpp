#pragma once

// Versions of a projection beside each other: comparing, swapping, dropping. The functions block.

#include "projections/cursor_store.hpp"

namespace sealstream {

// What a table holds, whatever the order of its rows.
struct TableDigest {
    std::string table;
    std::uint64_t rows{0};
    std::string digest; // sums of halves of the rows' SHA-256

    friend bool operator==(const TableDigest&, const TableDigest&) = default;
};

[[nodiscard]] Result<std::vector<TableDigest>> digest_tables(Connection& connection,
                                                             const std::string& schema_name);

// Settings that the digests depend on: text for run_script(), inside a transaction.
[[nodiscard]] const char* digest_settings() noexcept;

// Names of tables mean one version for as long as this session lives: nothing is swapped meanwhile.
// False: something is being swapped. Before the transaction that relies on it.
[[nodiscard]] Result<bool> try_hold_versions(Connection& connection, const std::string& ledger,
                                             const std::string& projection);
// Inside the caller's transaction, which is about to swap. False: somebody holds the versions.
[[nodiscard]] Result<bool> try_move_versions(Connection& connection, const std::string& ledger,
                                             const std::string& projection);

// Inside the caller's transaction: `building` becomes the active version; `active`, if there is
// one, is retired and kept, and versions that were retired before it are dropped.
[[nodiscard]] Result<void> swap_versions(Connection& connection, const std::string& ledger,
                                         const ProjectionVersion* active,
                                         const ProjectionVersion& building);

// The version that was retired last becomes the active one again, and the active one is kept as
// retired: one short transaction.
//   not_found   no such projection
//   conflict    no retired version was kept; or a snapshot of the active one is being taken
[[nodiscard]] Result<void> roll_back_version(Connection& connection, const std::string& ledger,
                                             const std::string& projection);

// A version that was kept for a rollback goes, in a transaction of its own. False: it is not there
// any more, or its projection is being swapped or copied now.
//   timed_out   somebody reads it now
[[nodiscard]] Result<bool> drop_retired(Connection& connection, const std::string& ledger,
                                        const std::string& projection, int version);

// Whoever rebuilds this projection owns its building version; ends with the session.
[[nodiscard]] Result<bool> try_own_rebuild(Connection& connection, const std::string& ledger,
                                           const std::string& projection);

// What rebuilds that did not end have left behind. Only the owner of the rebuild may.
[[nodiscard]] Result<void> drop_building(Connection& connection, const std::string& ledger,
                                         const std::string& projection);

// All versions, their tables and their cursors.
[[nodiscard]] Result<void> drop_projection(Connection& connection, const std::string& ledger,
                                           const std::string& projection);

// Makes the indexes of a version, and fresh statistics for the planner.
[[nodiscard]] Result<void> make_indexes(Connection& connection, const std::string& ledger,
                                        const Projection& projection,
                                        const ProjectionVersion& version);

} // namespace sealstream
