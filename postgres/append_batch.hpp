#pragma once

// What one transaction of the log does for all appends that wait: pure, so that every rule is
// tested without a database. The rules of a single stream are those of core/event/append_plan.hpp.

#include "core/ports/event_log.hpp"

#include <unordered_map>

namespace sealstream {

// An event that is in the log already.
struct KnownEvent {
    Placed placed;
    Bytes record;
};

// What the transaction has read under the ledger's lock.
struct LogState {
    Position head;
    std::unordered_map<EventId, KnownEvent> events;     // those of the requests' ids that exist
    std::unordered_map<StreamName, StreamHead> streams; // of the requests' streams; absent = empty
};

struct NewRecord {
    Placed placed;
    std::optional<Digest> hash;
    Bytes record;
};

struct AppendPlan {
    std::vector<Result<Appended>>
        answers;                    // one for each request, true once `records` are committed
    std::vector<NewRecord> records; // ascending from state.head
};

// Later requests see the effects of earlier ones.
[[nodiscard]] AppendPlan plan_appends(const std::vector<AppendRequest>& requests, LogState state,
                                      const ChainPolicy& chain, const RecordCodec& codec);

} // namespace sealstream
