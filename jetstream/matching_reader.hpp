#pragma once

// Reads the records of some stream types by direct get. One request asks for one subject, so each
// type is read by itself, at another moment and maybe by another replica, and what comes is merged.

#include "jetstream/stream_reading.hpp"

namespace sealstream::jetstream {

// Records of the filter's types above `after` and up to `head`, ascending, within the limits.
// `head` is where the leader's log ended before this was called: what came later may have been seen
// of one type and not yet of another.
//   unavailable   until the deadline no replica had what the leader has
[[nodiscard]] Task<Result<std::vector<StoredRecord>>>
read_matching(Reading reading, std::string ledger, Position after, Position head, ReadLimits limits,
              LogFilter filter);

} // namespace sealstream::jetstream
