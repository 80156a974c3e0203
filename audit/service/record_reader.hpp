#pragma once

// Reads a log that may have holes: every position comes, with its record or without.

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
    EventLog& log_;
    std::size_t batch_{4096}; // shrinks at a hole, to find its edges
};

} // namespace sealstream
