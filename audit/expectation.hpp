#pragma once

// What a leaf says about the log, in the form in which the log is compared with it.

#include "audit/finding.hpp"
#include "audit/leaf.hpp"

#include <optional>

namespace sealstream {

// What the log should hold.
struct Expectation {
    enum class Kind : std::uint8_t {
        event,    // that event, at `first`
        rejected, // those bytes, at `first`
        gap,      // nothing, from `first` to `last`
        unknown,  // the leaf for `first` to `last` is lost
        rollback, // go on at `first`
    };
    Kind kind{Kind::event};
    bool is_of_other_log{false}; // sealed in an incarnation that is not the one we look at
    Position first;
    Position last;
    EventId id;
    Version version;
    WallTime ingested;
    Digest stream{};
    Digest record{};
    std::uint64_t leaf_index{0};
};

// The first position that a leaf covers, if it covers any.
[[nodiscard]] std::optional<Position> first_covered(const Leaf& leaf);

// Nothing for leaves that say nothing about records. `incarnation` is that of the log we look at.
[[nodiscard]] std::optional<Expectation> expectation_of(const Leaf& leaf,
                                                        const Digest& incarnation);

// Where the auditor itself has sealed that something was wrong.
[[nodiscard]] std::optional<Finding> sealed_trouble(const Leaf& leaf);

} // namespace sealstream
