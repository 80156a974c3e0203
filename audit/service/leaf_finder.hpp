#pragma once

// Finds the leaf of a position in an audit stream by bisection: blocks say which positions they
// cover, and those ascend up to a rollback. What was read on the way is remembered, so that the
// next search is shorter.

#include "audit/entry.hpp"
#include "core/async/awaitable.hpp"
#include "core/ports/audit_log.hpp"

#include <map>
#include <optional>

namespace sealstream {

inline constexpr std::size_t finder_ranges_max = 4'096; // remembered blocks

class LeafFinder {
public:
    explicit LeafFinder(AuditLog& log) : log_{log} {}

    // The newest leaf for `position`, as it stands in the stream; nothing when it has none (yet).
    //   corrupt   a block or the leaf can not be read
    //   and what AuditLog says
    [[nodiscard]] Task<Result<std::optional<Leaf>>> find(Position position);

private:
    struct Range {
        std::uint64_t sequence{0}; // of the block; 0 when there is none
        Position first;
        Position last;
    };

    [[nodiscard]] Task<Result<void>> open();
    [[nodiscard]] Task<Result<Range>> block_at_or_after(std::uint64_t sequence);
    [[nodiscard]] Task<Result<std::uint64_t>> bisect(Position position);
    [[nodiscard]] Task<Result<std::optional<Leaf>>> leaf_in(std::uint64_t sequence,
                                                            Position position);

    AuditLog& log_;
    std::optional<std::uint64_t> last_;     // entry, when the first search began
    std::map<std::uint64_t, Range> ranges_; // by the sequence that was asked for
    std::optional<BlockEntry> block_;       // the last one that was opened
    std::uint64_t block_sequence_{0};
};

} // namespace sealstream
