#pragma once

// The SQL of the event log: each function is one or two statements on a connection, and blocks.

#include "postgres/append_batch.hpp"
#include "postgres/connection.hpp"

namespace sealstream {

struct LedgerIdentity {
    std::string ledger_id; // key of its rows
    std::string incarnation;
};

struct LedgerHead {
    Position head;
    WallTime now; // the database's clock, microseconds
    std::string incarnation;
};

//   unsupported   the schema is missing: migrate() first
[[nodiscard]] Result<LedgerIdentity> find_or_create_ledger(Connection& connection,
                                                           const std::string& ledger);
[[nodiscard]] Result<Durability> read_durability(Connection& connection);

// Until the transaction ends, nobody else appends to the ledger.
//   corrupt   the ledger is gone
[[nodiscard]] Result<LedgerHead> lock_head(Connection& connection, const std::string& ledger_id);
[[nodiscard]] Result<LedgerHead> read_head(Connection& connection, const std::string& ledger_id);

// What the requests need to know; `state.head` is the caller's.
[[nodiscard]] Result<LogState> read_state(Connection& connection, const std::string& ledger_id,
                                          const std::vector<AppendRequest>& requests);

// Inserts records and moves the head; notifies listeners at commit.
[[nodiscard]] Result<void> insert_records(Connection& connection, const std::string& ledger_id,
                                          WallTime now, const std::vector<NewRecord>& records);

[[nodiscard]] Result<bool> has_event(Connection& connection, const std::string& ledger_id,
                                     const EventId& id);

// Of these ids, those that are in the log.
[[nodiscard]] Result<std::vector<IdPlace>>
find_places(Connection& connection, const std::string& ledger_id, const std::vector<EventId>& ids);

//   corrupt   a hole between `after` and what follows
[[nodiscard]] Result<std::vector<StoredRecord>> read_records(Connection& connection,
                                                             const std::string& ledger_id,
                                                             Position after, ReadLimits limits);
// Of the filter's stream types only.
[[nodiscard]] Result<std::vector<StoredRecord>>
read_matching_records(Connection& connection, const std::string& ledger_id, Position after,
                      ReadLimits limits, const LogFilter& filter);
//   corrupt   a hole in the stream
[[nodiscard]] Result<std::vector<StoredRecord>>
read_stream_records(Connection& connection, const std::string& ledger_id, const StreamName& stream,
                    Version after, ReadLimits limits);

[[nodiscard]] Result<StreamHead>
read_stream_head(Connection& connection, const std::string& ledger_id, const StreamName& stream);

inline constexpr const char* log_channel = "sealstream_log"; // payload: the ledger's key

} // namespace sealstream
