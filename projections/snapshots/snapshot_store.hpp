#pragma once

// Snapshots in Postgres: taken, found, used, refused, dropped. The functions block.

#include "projections/snapshots/policy.hpp"
#include "projections/snapshots/snapshot.hpp"

namespace sealstream {

// Copies the tables of the active version, at its cursor, in one transaction; folding goes on
// meanwhile. The session is for this alone: it holds the versions until it ends. Where there is one
// at this position already, that one.
//
//   not_found     no such projection
//   conflict      its versions are being swapped: try again
//   refused       the tables are not what the log says: streams are parked, or others wrote into
//                 them; or nothing is folded yet
//   unsupported   tables that can not be copied
//   timed_out     it takes longer than it may
[[nodiscard]] Result<Snapshot> take_snapshot(Connection& connection, const std::string& ledger,
                                             const std::string& projection,
                                             std::chrono::milliseconds time_max);

// Those that tables made by this SQL from this log may begin with, up to a position: nearest first.
[[nodiscard]] Result<std::vector<Snapshot>>
find_bases(Connection& connection, const std::string& ledger, const Projection& projection,
           const std::string& incarnation, Position up_to);

// Inside the caller's transaction: fills the tables of `version`, which was just created from
// `projection`, checks that they are what was sealed, and moves its cursor. The caller rolls back
// if it fails.
//   corrupt   it is not what was sealed
[[nodiscard]] Result<void> load_snapshot(Connection& connection, const std::string& ledger,
                                         const Projection& projection, const Snapshot& snapshot,
                                         std::chrono::milliseconds time_max,
                                         ProjectionVersion& version);

// It is not used any more. False: it was refused already.
[[nodiscard]] Result<bool> refuse_snapshot(Connection& connection, const std::string& ledger,
                                           const Snapshot& snapshot, const std::string& reason);
// All of this projection; inside the caller's transaction, in which a version that turned out to be
// different is swapped in.
[[nodiscard]] Result<void> refuse_all_snapshots(Connection& connection, const std::string& ledger,
                                                const std::string& projection,
                                                const std::string& reason);

// True: it is gone. In a transaction of its own.
//   timed_out   somebody reads it now
[[nodiscard]] Result<bool> drop_snapshot(Connection& connection, const std::string& ledger,
                                         const std::string& projection, int number);

// Drops what is more than `keep`, and what no version can begin with. How many.
[[nodiscard]] Result<std::size_t> prune_snapshots(Connection& connection, const std::string& ledger,
                                                  const std::string& projection, std::size_t keep);

// Orders of operators, and who is due.
struct DueSnapshot {
    std::string projection;
    bool is_ordered{false};
};
[[nodiscard]] Result<std::vector<DueSnapshot>>
find_due_snapshots(Connection& connection, const std::string& ledger, const SnapshotPolicy& policy);
[[nodiscard]] Result<void> end_order(Connection& connection, const std::string& ledger,
                                     const std::string& projection, const Result<Snapshot>& taken);

} // namespace sealstream
