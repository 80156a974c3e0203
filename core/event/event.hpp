#pragma once

// One immutable fact, before and after it has its place.
//
// A Draft is what a client hands in, checked and canonical. A log gives it its version (and, in a
// chained stream, its hashes): that is an Event. The exact bytes of an Event are its record
// (codec.hpp). Position and ingest time come from the log and are not part of the record.

#include "core/event/digest.hpp"
#include "core/event/event_id.hpp"
#include "core/event/names.hpp"
#include "core/event/position.hpp"

#include <array>
#include <optional>
#include <string>

namespace sealstream {

using Salt = std::array<std::byte, 32>;

struct Draft {
    EventId id;
    std::string type;
    std::string source;           // the authenticated service
    std::string actor;            // who did it; may be empty
    std::optional<WallTime> time; // the client's own
    std::string data{"null"};     // canonical JSON text (canonical_json.hpp), any value
    std::string meta;             // canonical JSON object, or empty
    std::string key;              // idempotency key; may be empty
    Salt salt{};                  // random; hides the payload behind its commitment

    friend bool operator==(const Draft&, const Draft&) = default;
};

// Whether a draft says what an earlier one said; salts are random and do not count.
[[nodiscard]] bool is_same_content(const Draft& draft, const Draft& earlier);

struct Event {
    Draft draft;
    StreamName stream;
    Version version;
    std::optional<Digest> prev_hash; // both or none: the stream is chained
    std::optional<Digest> hash;
    bool is_expired{false}; // of what is read: data and meta are gone; no part of the record

    friend bool operator==(const Event&, const Event&) = default;
};

// A record where the log keeps it.
struct StoredRecord {
    Position position;
    WallTime ingested; // the log's clock: not monotonic across leader changes
    Bytes record;

    // Of a payload that is encrypted in the log, when `record` has it in clear
    // (core/retention/payload_log.hpp): the name of its key, and whether that is gone.
    std::string payload_key{};
    bool is_expired{false};
};

// Where the event with this id is.
struct IdPlace {
    EventId id;
    Position position;
};

// A stored record, decoded.
struct StoredEvent {
    Position position;
    WallTime ingested;
    Event event;
};

} // namespace sealstream
