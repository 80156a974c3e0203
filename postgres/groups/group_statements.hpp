#pragma once

// The SQL of groups. Each function runs inside the caller's transaction, which begins with
// lock_group().

#include "core/ports/consumer_groups.hpp"
#include "postgres/connection.hpp"

namespace sealstream {

struct GroupKey {
    std::string ledger;
    std::string name;
};

struct GroupRow {
    GroupFilter filter;
    Position cursor;
    std::chrono::milliseconds lease{};
    unsigned deliveries_max{1};
    GroupTime now{}; // the database's clock, read under the lock
};

// True: it is new.
[[nodiscard]] Result<bool> upsert_group(Connection& connection, const std::string& ledger,
                                        const GroupDefinition& definition, Position head);
//   not_found
[[nodiscard]] Result<void> delete_group(Connection& connection, const GroupKey& key);
[[nodiscard]] Result<std::vector<std::string>> select_groups(Connection& connection,
                                                             const std::string& ledger);
//   not_found
[[nodiscard]] Result<GroupRow> lock_group(Connection& connection, const GroupKey& key);
[[nodiscard]] Result<GroupRow> read_group(Connection& connection, const GroupKey& key);

// Streams with their first `events_max` events.
[[nodiscard]] Result<std::vector<StreamWork>>
load_expired(Connection& connection, const GroupKey& key, GroupTime now, std::size_t streams_max);
[[nodiscard]] Result<std::vector<StreamWork>> load_free(Connection& connection, const GroupKey& key,
                                                        GroupTime now, std::size_t events_max);
[[nodiscard]] Result<std::vector<StreamWork>> load_owned(Connection& connection,
                                                         const GroupKey& key, GroupToken token);
//   not_found   it is not parked
[[nodiscard]] Result<StreamWork> load_parked(Connection& connection, const GroupKey& key,
                                             const StreamName& stream);

// Writes back what has become of streams: `before` and `after` name the same ones in the same
// order.
[[nodiscard]] Result<void> save(Connection& connection, const GroupKey& key,
                                const std::vector<StreamWork>& before,
                                const std::vector<StreamWork>& after);
// Higher than every one before, whatever becomes of groups.
[[nodiscard]] Result<GroupToken> new_token(Connection& connection);

struct FoundEvent {
    StreamName stream;
    Position position;
    WallTime ingested;
};
// Moves the cursor over what was looked at.
[[nodiscard]] Result<void> add_events(Connection& connection, const GroupKey& key, Position cursor,
                                      const std::vector<FoundEvent>& events);

// How many events a group holds, counted no further than asked.
struct GroupHeld {
    std::uint64_t waiting{0}; // of streams that are not parked
    std::uint64_t all{0};
};
[[nodiscard]] Result<GroupHeld> count_held(Connection& connection, const GroupKey& key,
                                           std::uint64_t waiting_max, std::uint64_t all_max);

struct GroupCounts {
    std::uint64_t waiting_events{0}; // of streams that are not parked
    std::uint64_t all_events{0};
    std::uint64_t leased_streams{0};
    std::uint64_t parked_streams{0};
    std::optional<WallTime> oldest; // of the waiting ones
    WallTime now;
};
[[nodiscard]] Result<GroupCounts> count_work(Connection& connection, const GroupKey& key);

[[nodiscard]] Result<std::vector<ParkedStream>>
select_parked_streams(Connection& connection, const GroupKey& key, std::size_t streams_max);

} // namespace sealstream
