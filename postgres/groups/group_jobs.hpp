#pragma once

// What each call on a group does in its transaction. Blocking.

#include "postgres/groups/group_statements.hpp"

namespace sealstream {

struct ClaimedWork {
    GroupToken token{0};
    GroupTime leased_until{};
    std::vector<ClaimedEvent> events;
};

[[nodiscard]] Result<ClaimedWork> claim_work(Connection& connection, const GroupKey& key,
                                             std::size_t events_max,
                                             std::optional<std::chrono::milliseconds> lease,
                                             std::size_t expired_streams_max);
//   refused   the token is stale
[[nodiscard]] Result<std::size_t> acknowledge_work(Connection& connection, const GroupKey& key,
                                                   GroupToken token,
                                                   std::optional<Position> through);
[[nodiscard]] Result<std::vector<StreamName>>
return_work(Connection& connection, const GroupKey& key, GroupToken token, const GroupReturn& what);
[[nodiscard]] Result<GroupTime> extend_work(Connection& connection, const GroupKey& key,
                                            GroupToken token,
                                            std::optional<std::chrono::milliseconds> lease);
// For a claim whose events reach its consumer only up to `through`.
[[nodiscard]] Result<void> shorten_work(Connection& connection, const GroupKey& key,
                                        GroupToken token, Position through);
[[nodiscard]] Result<void> unpark_work(Connection& connection, const GroupKey& key,
                                       const StreamName& stream, bool is_skipped);

// Takes in what the filter of `looked` has found between its cursor and `to`, unless one of the two
// has changed since.
[[nodiscard]] Result<void> take_in(Connection& connection, const GroupKey& key,
                                   const GroupRow& looked, Position to,
                                   const std::vector<FoundEvent>& events);

} // namespace sealstream
