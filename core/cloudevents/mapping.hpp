#pragma once

// Between CloudEvents and the ledger's events. What came in goes out again, attribute for
// attribute; what the ledger has no place for is kept in meta under "cloudevent".
//
//   id               the event's id when it is a UUID; any other is kept, and the idempotency key
//                    "<source> <id>" stands for it (CloudEvents: source and id together are unique)
//   type, time       type and time; a time that reads otherwise when written again is kept as it
//   was source, subject, dataschema, datacontenttype, extensions    kept as they are traceparent,
//   tracestate, correlationid, causationid, category   in meta, under the ledger's names actor the
//   event's actor data             data; data_base64 as a JSON string, marked in meta
//
// The stream is that of the path, or else `stream` ("type/id"), or `streamtype` with subject as the
// id, or a subject of the form "type/id". On the way out the ledger adds `stream`, sealposition,
// sealversion and sealtime (of ingest); coming in, these three are dropped, because only the log
// gives places.

#include "core/cloudevents/cloud_event.hpp"
#include "core/event/event.hpp"

#include <optional>

namespace sealstream {

struct MappedEvent {
    Draft draft; // source and salt, and the id where there is none, are still to be filled in
    bool has_id{false};
    StreamName stream;
};

//   malformed   no stream is named, or another one than that of the path
//   bad_name    the type, the stream or the actor breaks the ledger's naming rules
[[nodiscard]] Result<MappedEvent> to_draft(const CloudEvent& event,
                                           const std::optional<StreamName>& path);

// Any event as a CloudEvent, also one that was not appended as one: its source becomes a URI
// reference, its stream id the subject, and members of meta without an attribute of their own go
// into the extension sealmeta, as JSON text.
[[nodiscard]] CloudEvent to_cloud_event(Position position, WallTime ingested, const Event& event);

// What the ledger says of the place of an event; not part of what was appended.
[[nodiscard]] bool is_of_ledger(std::string_view attribute);

} // namespace sealstream
