#pragma once

// Follows every stream of a log: versions count 1, 2, 3 …, and hashes chain where a stream is
// chained. It keeps the newest version and hash of each stream: about 150 bytes and the name, for
// as many streams as there are.

#include "audit/sealer.hpp"

#include <set>
#include <unordered_map>

namespace sealstream {

struct StreamFault {
    bool is_chain{false}; // else the version
    std::string text;
    std::optional<Digest> expected;
    std::optional<Digest> found;
};

class StreamChecker {
public:
    // The next record of the log.
    [[nodiscard]] std::optional<StreamFault> next(const RecordFacts& facts, ByteView record);

    // An event that can not be read any more, and whose stream therefore nobody knows, had this
    // version: a stream may lack it without another finding.
    void lose(Version version);

private:
    struct Place {
        Version version;
        Digest hash{};
        bool is_hash_known{false};
    };

    [[nodiscard]] bool explain_hole(Version last, Version next);
    [[nodiscard]] std::optional<StreamFault> check_hashes(Place& place, bool is_after_hole,
                                                          ByteView record);

    std::unordered_map<std::string, Place> streams_;
    std::multiset<std::uint64_t> lost_; // at most lost_max
};

} // namespace sealstream
