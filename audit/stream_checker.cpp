#include "audit/stream_checker.hpp"

#include "core/event/codec.hpp"
#include "core/event/stream_chain.hpp"

namespace sealstream {

namespace {

constexpr std::size_t lost_max = 100'000;
constexpr std::uint64_t hole_versions_max = 1'000;

} // namespace

void StreamChecker::lose(Version version)
{
    if (lost_.size() < lost_max) {
        lost_.insert(version.value);
    }
}

// Whether each version between the two is one that was lost.
bool StreamChecker::explain_hole(Version last, Version next)
{
    if (next.value - last.value > hole_versions_max) {
        return false;
    }
    std::vector<std::multiset<std::uint64_t>::iterator> explained;
    for (std::uint64_t version = last.value + 1; version < next.value; ++version) {
        const auto found = lost_.find(version);
        if (found == lost_.end()) {
            return false;
        }
        explained.push_back(found);
    }
    for (const auto& found : explained) {
        lost_.erase(found);
    }
    return true;
}

StreamChecker::Place& StreamChecker::place_of(std::string_view stream)
{
    const auto known = streams_.find(stream);
    return known != streams_.end() ? known->second : streams_[std::string{stream}];
}

std::optional<StreamFault> StreamChecker::next(std::string_view stream, Version version,
                                               bool is_chained, ByteView record)
{
    Place& place = place_of(stream);
    const bool follows = version == place.version.next();
    const bool is_explained =
        !follows && version > place.version && explain_hole(place.version, version);
    std::optional<StreamFault> fault;
    if (!follows && !is_explained) {
        fault = StreamFault{false,
                            "version " + std::to_string(version.value) + " comes after " +
                                std::to_string(place.version.value),
                            {},
                            {}};
    }
    if (is_chained && !fault) {
        fault = check_hashes(place, is_explained, record);
    } else {
        place.is_hash_known = false;
    }
    place.version = std::max(place.version, version);
    return fault;
}

std::optional<StreamFault> StreamChecker::check_hashes(Place& place, bool is_after_hole,
                                                       ByteView record)
{
    const auto event = decode_record(record);
    if (!event || !event->hash || !event->prev_hash) {
        return StreamFault{true, "the hashes can not be read", {}, {}};
    }
    const bool is_first = event->version.value == 1;
    const bool is_before_known = is_first || (place.is_hash_known && !is_after_hole);
    const Digest before = is_first ? chain_start : place.hash;
    place.hash = *event->hash;
    place.is_hash_known = true;
    if (is_before_known && *event->prev_hash != before) {
        return StreamFault{true, "prev_hash is not the hash of the event before", before,
                           event->prev_hash};
    }
    const Digest right = chain_hash(*event, *event->prev_hash);
    if (*event->hash != right) {
        return StreamFault{true, "the hash does not fit the content", right, event->hash};
    }
    return std::nullopt;
}

} // namespace sealstream
