#pragma once

// An event under the names that many event-sourced applications use:
//
//   {"id":…,"event_type":…,"aggregate_id":…,"aggregate_type":…,"data":…,"metadata":{…},
//    "timestamp":…,"version":3,"source_service":…,"idempotency_key":…|null}
//
// aggregate_type/aggregate_id is our stream; timestamp is the event's own time, else its ingest
// time. version is a number here, as those applications expect.

#include "core/event/event.hpp"

#include <string>

namespace sealstream {

void append_aggregate_json(std::string& to, WallTime ingested, const Event& event);
[[nodiscard]] std::string aggregate_json(const StoredEvent& stored);

} // namespace sealstream
