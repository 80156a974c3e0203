#pragma once

// An event as clients see it, on one line:
//
//   {"position":"7","id":…,"type":…,"stream":"type/id","version":"3","source":…,"actor"?,"time"?,"ingested":…,
//    "data":…,"meta"?,"expired"?,"key"?,"prev_hash"?,"hash"?}
//
// "expired":true says that data (null now) and meta are forgotten. Positions and versions are
// decimal strings, hashes hexadecimal. Data and meta are canonical text already and are spliced in
// as they are.

#include "core/event/event.hpp"

#include <string>
#include <vector>

namespace sealstream {

void append_event_json(std::string& to, Position position, WallTime ingested, const Event& event);

// The same event in the form that a client asked for.
enum class EventFormat : std::uint8_t { sealstream, cloudevents };
void append_event(std::string& to, EventFormat format, Position position, WallTime ingested,
                  const Event& event);
[[nodiscard]] std::string event_json(const StoredEvent& stored);

// Decodes what a log returned.
//   corrupt   a record is not what this node would have written
[[nodiscard]] Result<StoredEvent> decode_stored(const StoredRecord& record);
[[nodiscard]] Result<std::vector<StoredEvent>>
decode_stored(const std::vector<StoredRecord>& records);

} // namespace sealstream
