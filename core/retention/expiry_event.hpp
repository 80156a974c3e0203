#pragma once

// The event that says that a key of payloads is destroyed: pure.
//
//   stream  sealstream-retention/<class>      type  retention.expired
//   data    {"class":…,"destroyed":…,"from":…,"key":…,"through":"<position>","until":…}
//
// Every event that the key has encrypted is in the log at or below `through`, or came so late that
// it never was readable.

#include "core/event/append_plan.hpp"

#include <optional>

namespace sealstream {

inline constexpr std::string_view retention_stream_type = "sealstream-retention";
inline constexpr std::string_view expiry_event_type = "retention.expired";

// The stream that says so about a key.
//   malformed   it is not the name of a key
[[nodiscard]] Result<StreamName> expiry_stream(std::string_view key_name);

//   malformed   as above
[[nodiscard]] Result<Draft> expiry_draft(EventId id, std::string_view key_name, WallTime destroyed,
                                         Position through);

// The key that an event says is destroyed; nothing when it says something else.
[[nodiscard]] std::optional<std::string> expired_key(const Event& event);

} // namespace sealstream
