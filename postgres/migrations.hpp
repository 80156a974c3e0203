#pragma once

// The schema `sealstream`, made and brought up to date by numbered SQL files (postgres/migrations),
// which are compiled in. Each runs once, in its own transaction, under an advisory lock, and is
// recorded with the SHA-256 of its text: a released file never changes.

#include "core/base/embedded_file.hpp"
#include "postgres/connection.hpp"

namespace sealstream {

struct MigrationReport {
    std::size_t applied{0}; // in this call
    std::size_t total{0};
};

// Blocks; safe to call from many processes at once.
//   unsupported   the database is newer than this program, or a recorded file had other text
//   unavailable   the database does not answer
[[nodiscard]] Result<MigrationReport> migrate(Connection& connection);

// The same with other files, for tests. Names are "NNN_what.sql", ascending from 001.
[[nodiscard]] Result<MigrationReport> migrate(Connection& connection,
                                              std::span<const EmbeddedFile> files);

} // namespace sealstream
