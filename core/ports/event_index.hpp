#pragma once

// The first read model: every event, found by id or by filter. It follows the log, so it may lag;
// `cursor()` says how far it is, and an answer never contains anything above it.

#include "core/event/event.hpp"
#include "core/ports/read_model.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sealstream {

// Empty fields do not filter. All given ones must hold.
struct EventQuery {
    Position after{}; // exclusive
    std::size_t events_max{100};
    bool is_descending{
        false}; // newest first; then `after` is exclusive from above, 0 = from the head
    std::vector<std::string> types; // any of these; "package.*" is a prefix
    std::string stream_type;
    std::string stream_id; // without stream_type: of any type
    std::string source;
    std::string actor;
    std::string category; // meta.category
    std::string key;
    std::optional<WallTime> from_time; // inclusive; the event's own time, else its ingest time
    std::optional<WallTime> to_time;   // exclusive
    std::string search;                // words that all occur in the data
    Position at_least{};               // projection_behind unless the index has folded it
};

struct IndexedEvent {
    Position position;
    WallTime ingested;
    Event event;            // salt and hashes are not in the index: they are zero and empty here
    bool is_skipped{false}; // its type was skip_in_projection: read models do not count it
};

class EventIndex : public ReadModel {
public:
    //   unavailable         the database does not answer
    //   projection_behind   it has less than it had (it crashed), or at_least was never reached
    //   projection_missing  no projector has made it yet
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<IndexedEvent>>>
    query(EventQuery query) = 0;

    //   not_found           no such event up to cursor()
    //   projection_behind, projection_missing   as above
    [[nodiscard]] virtual boost::asio::awaitable<Result<IndexedEvent>>
    find(EventId id, Position at_least = {}) = 0;

protected:
    EventIndex() = default;
};

} // namespace sealstream
