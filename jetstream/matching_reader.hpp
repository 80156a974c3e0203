#pragma once

// Reads the records of some stream types by direct get. One request asks for one subject, so each
// type is read by itself and what comes is merged.

#include "core/ports/event_log.hpp"
#include "jetstream/direct_reader.hpp"

namespace sealstream::jetstream {

// Records of the filter's types above `after`, ascending, within the limits. What another node has
// just appended may not be there yet: any replica answers.
[[nodiscard]] Task<Result<std::vector<StoredRecord>>>
read_matching(DirectReader& reader, std::string ledger, Position after, ReadLimits limits,
              LogFilter filter);

} // namespace sealstream::jetstream
