#pragma once

// What `replay` and `projection restore` share: places in the log, and what they print.

#include "node/wiring.hpp"
#include "projections/snapshots/replay.hpp"

namespace sealstream::cli {

// "1234", or an RFC 3339 time: the last position that was ingested at or before it.
//   malformed   neither; or beyond the end of the log
[[nodiscard]] Task<Result<Position>> place_in_log(EventLog& log, std::string text);

// Folds of a command of its own: nobody looks at its metrics.
struct ToolFolds {
    explicit ToolFolds(const ToolParts& tool_parts);
    ~ToolFolds();
    [[nodiscard]] FoldContext context(const std::string& ledger,
                                      std::function<void(Position, Position)> on_moved);

    const ToolParts& parts;
    struct Metrics;
    std::unique_ptr<Metrics> metrics;
    FoldFaults no_faults;
};

[[nodiscard]] std::string report_text(const ReplayReport& report);
[[nodiscard]] std::string report_json(const ReplayReport& report);

} // namespace sealstream::cli
