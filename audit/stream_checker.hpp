#pragma once

// Follows every stream of a log: versions count 1, 2, 3 …, and hashes chain where a stream is
// chained. It keeps the newest version and hash of each stream: about 150 bytes and the name, for
// as many streams as there are.

#include "core/event/event.hpp"

#include <optional>
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
    [[nodiscard]] std::optional<StreamFault> next(std::string_view stream, Version version,
                                                  bool is_chained, ByteView record);

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

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept
        {
            return std::hash<std::string_view>{}(text);
        }
    };
    [[nodiscard]] Place& place_of(std::string_view stream);

    std::unordered_map<std::string, Place, Hash, std::equal_to<>> streams_;
    std::multiset<std::uint64_t> lost_; // at most lost_max
};

} // namespace sealstream
