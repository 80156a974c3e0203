#pragma once

#include "node/rules/rulebook_follower.hpp"

namespace sealstream {

// Waits until all that the log has by now of this system stream is applied: after losing against
// somebody else who edits it.
//   timed_out, and as RulebookFollower::applied() and EventLog::stream_head()
[[nodiscard]] Task<Result<void>> catch_up(EventLog& log, RulebookFollower& rules, StreamName stream,
                                          std::chrono::milliseconds longest);

} // namespace sealstream
