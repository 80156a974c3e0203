// What a group of competing consumers may hold.

#include "config/sections.hpp"

namespace sealstream {

namespace {

using namespace forms;

constexpr auto groups = [](auto member) { return field(&Settings::groups, member); };

} // namespace

std::vector<Key> group_keys()
{
    return {
        number("groups.waiting_events_max", groups(&GroupBounds::waiting_events_max), 1, 1'000'000,
               "events that one group holds for its consumers; the log waits meanwhile"),
        number("groups.parked_events_max", groups(&GroupBounds::parked_events_max), 0, 10'000'000,
               "events that it may hold more, behind parked streams"),
        number("groups.claim_bytes_max", groups(&GroupBounds::claim_bytes_max), 1, 1 << 30,
               "of events in one claim; one comes whatever its size"),
    };
}

} // namespace sealstream
