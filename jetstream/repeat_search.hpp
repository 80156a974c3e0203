#pragma once

// Whether an append is in the log already. Two things make a hasty look wrong: a replica that
// answers may be older than the append that we look for, and our clock is not the log's. So the
// look reaches the newest event of each stream that the leader knows, and counts back from the time
// at which the log took that one.

#include "jetstream/stream_reading.hpp"

namespace sealstream::jetstream {

// Looks for all ids of `request` in its streams, as far back as the log remembers ids. `newest` is
// what the leader has said of each stream that is appended to. `request` outlives the call.
//   not_found     none is there
//   key_reuse     some are, or with other content
//   unavailable   until the deadline no replica had all that the leader has
[[nodiscard]] Task<Result<Appended>> find_repeat(Reading reading, std::string ledger,
                                                 const AppendRequest& request,
                                                 std::vector<NewestEvent> newest,
                                                 std::chrono::nanoseconds window);

// What an append is answered whose condition fails. Pure.
//   conflict          it is not in the log
//   outcome_unknown   an earlier try of it may be, and the look had no end
[[nodiscard]] Result<Appended> answer_to_conflict(Result<Appended> found, Error conflict,
                                                  bool may_be_stored);

// … of which the server knows an id, without saying which, or where. Pure.
//   outcome_unknown   none was found where it belongs: perhaps of another stream, perhaps not yet
//                     seen; never taken for a misuse of the id
[[nodiscard]] Result<Appended> answer_to_duplicate(Result<Appended> found);

} // namespace sealstream::jetstream
