#pragma once

// What a client needs to decide again after a 412, without another request: where the streams are,
// and the events that it has not seen.

#include "core/event/append_plan.hpp"
#include "node/http/services.hpp"

namespace sealstream::http {

// "any", "absent", "present", or the version.
[[nodiscard]] std::string to_text(const Expected& expected);

// `"current_version":"5"`, and where the stream has gone past what was expected
// `,"conflicting_events":[…]`: at most `events_max`, which is reduced by what is shown. Empty when
// the log does not tell.
struct StreamNow {
    StreamHead head;
    std::string members;
};
[[nodiscard]] Task<Result<StreamNow>> describe_stream(Services& services, StreamCheck stated,
                                                      std::size_t& events_max);

// `"conflicts":[{"stream":…,"expected":"3","current_version":"5","conflicting_events":[…]},…]` of
// the stated conditions that do not hold now. Empty where none fails any more.
[[nodiscard]] Task<std::string> describe_conflicts(Services& services,
                                                   std::vector<StreamCheck> stated);

} // namespace sealstream::http
