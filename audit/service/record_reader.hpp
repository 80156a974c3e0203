#pragma once

// Reads a log that may have holes: every position comes, with its record or without. It follows a
// feed, which reads ahead, and looks for the edges of a hole with single reads where the feed ends
// at one.

#include "core/async/awaitable.hpp"
#include "core/ports/event_log.hpp"

#include <optional>

namespace sealstream {

struct RecordSlot {
    Position position;
    std::optional<StoredRecord> record;
};

class RecordReader {
public:
    explicit RecordReader(EventLog& log) : log_{log} {}

    // Positions from `first`, which is at most `head`: at least one, ascending, none left out.
    //   unavailable and the like   the log does not answer, after some tries
    [[nodiscard]] Task<Result<std::vector<RecordSlot>>> read(Position first, Position head);

private:
    [[nodiscard]] Task<std::vector<RecordSlot>> follow(Position first, Position head);

    EventLog& log_;
    std::unique_ptr<Feed> feed_;
    Position feed_next_;      // what the feed delivers next
    bool is_in_hole_{false};  // the position before is missing, for certain
    std::size_t batch_{4096}; // of single reads; shrinks at a hole, to find its edges
};

} // namespace sealstream
