#pragma once

// An event that exists to carry a condition. Pure, but for its random salt.
//
// A message of an atomic batch carries one condition, about its own subject or another one. A batch
// that checks more streams than it has messages to spare gets one such event for each further
// check: of type StreamChecked, in a stream of its own (sealstream-check/<its id>), which therefore
// needs no condition. It says what was checked, and which event relied on it, so that the log shows
// why the append was allowed.

#include "core/event/append_plan.hpp"

namespace sealstream::jetstream {

inline constexpr std::string_view check_stream_type = "sealstream-check";
inline constexpr std::string_view check_event_type = "StreamChecked";

// `cause` is the first event of the batch; it lends its source and actor. The id follows from both,
// so a batch that is sent again has the same ids.
[[nodiscard]] Event check_carrier(const Event& cause, const StreamName& checked, Version version,
                                  const ChainPolicy& chain);

} // namespace sealstream::jetstream
