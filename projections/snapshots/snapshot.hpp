#pragma once

// A copy of a projection's tables at one position, and the seal over it: pure.

#include "projections/versions.hpp"

namespace sealstream {

// Sequences are copied because a fold may take numbers of them. They run ahead of the tables when a
// fold is under way, as they do after a crash.
struct SequenceState {
    std::string name;
    std::int64_t last_value{0};
    bool is_called{false};

    friend bool operator==(const SequenceState&, const SequenceState&) = default;
};

struct Snapshot {
    std::string name; // of the projection
    int number{0};
    Position position; // the tables show everything up to it, and nothing after
    int version{0};    // of the projection
    std::string schema_name;
    std::string fold_digest;
    std::string incarnation;                  // of the log
    std::vector<std::string> skipped_types;   // SkipRules at the position
    std::vector<std::string> schema_versions; // the same
    std::string folded_to;                    // ingest time of the event at the position
    std::vector<TableDigest> tables;
    std::vector<SequenceState> sequences;
    std::string seal; // as it was stored
    std::uint64_t bytes{0};
};

// SHA-256 over all of it but the schema's name and the bytes, as hex.
[[nodiscard]] std::string seal_of(const std::string& ledger, const Snapshot& snapshot);

// Parents before children, so that each can be filled when those that it refers to are.
//   unsupported   they refer to each other in a ring
[[nodiscard]] Result<std::vector<std::string>>
order_tables(const std::vector<std::string>& tables,
             const std::vector<std::pair<std::string, std::string>>& child_and_parent);

} // namespace sealstream
