#pragma once

// What is asked of a log's stream to read single subjects. DirectReader is it; tests script one.
// Any replica answers read() and read_since(), so what they show may be older than what was just
// appended; the leader sees every acknowledged write.

#include "core/async/awaitable.hpp"
#include "core/base/clock.hpp"
#include "core/event/event.hpp"

#include <string>
#include <vector>

namespace sealstream::jetstream {

class StreamReads {
public:
    struct Page {
        std::vector<StoredRecord> records;
        std::uint64_t pending{0}; // more that match, after these
    };

    virtual ~StreamReads() = default;

    // Messages of `subject` (wildcards allowed) at or above `first`.
    //   unavailable, timed_out   no answer
    [[nodiscard]] virtual Task<Result<Page>> read(std::string subject, std::uint64_t first,
                                                  std::size_t messages_max,
                                                  std::size_t bytes_max) = 0;

    // Messages of `subject` that came at or after `since`, by the log's clock.
    [[nodiscard]] virtual Task<Result<Page>> read_since(std::string subject, WallTime since,
                                                        std::size_t messages_max) = 0;

    // The newest message: from any replica, or from the leader.
    //   not_found     there is none
    [[nodiscard]] virtual Task<Result<StoredRecord>> last_of(std::string subject) = 0;
    [[nodiscard]] virtual Task<Result<StoredRecord>> last_of_leader(std::string subject) = 0;
};

} // namespace sealstream::jetstream
